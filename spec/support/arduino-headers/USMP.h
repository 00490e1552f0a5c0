// Declarations, and nothing behind them: the public interface of the upstream Arduino library, as the sketches see it.
#pragma once

#include <Arduino.h>

struct USMPArduinoTcpCtx {};
struct USMPArduinoUdpCtx {};

class USMPTCPTransport {
 public:
  USMPTCPTransport& wifi(const char* ssid, const char* password);
};

class USMPUDPTransport {
 public:
  USMPUDPTransport& wifi(const char* ssid, const char* password);
};

namespace USMP {
USMPTCPTransport TCP(const char* host, uint16_t port = 9000);
USMPUDPTransport UDP(const char* host, uint16_t port = 9000);
}  // namespace USMP

enum usmp_err_t { USMP_OK = 0 };
enum usmp_log_level_t { USMP_LOG_LEVEL_ERROR = 1, USMP_LOG_LEVEL_INFO = 3 };

class USMPClient : public Print {
 public:
  explicit USMPClient(const char* psk);
  USMPClient(const char* psk, uint8_t* rxBuffer, size_t rxBufferSize);
  USMPClient(const uint8_t* psk, size_t pskLength);
  bool begin(USMPTCPTransport transport, USMPArduinoTcpCtx* context = nullptr);
  bool begin(USMPUDPTransport transport, USMPArduinoUdpCtx* context = nullptr);
  bool beginAsync(USMPTCPTransport transport, USMPArduinoTcpCtx* context = nullptr);
  bool beginAsync(USMPUDPTransport transport, USMPArduinoUdpCtx* context = nullptr);
  bool isConnecting() const;
  usmp_err_t lastError() const;
  const char* lastErrorString() const;
  bool send(const char* text);
  bool send(const String& text);
  bool send(const uint8_t* data, size_t length);
  size_t write(uint8_t byte) override;
  size_t write(const uint8_t* bytes, size_t length) override;
  void flush() override;
  bool available();
  String read();
  int read(uint8_t* buffer, size_t maxLength);
  bool alive();
  String deviceId();
  String sessionId();
  void keepalive(uint32_t ms);
  void setLogLevel(usmp_log_level_t level);
  void maintain();
  // Plain functions, as there: a lambda that captures does not compile.
  void onConnect(void (*callback)());
  void onDisconnect(void (*callback)());
  void onReconnect(void (*callback)());
  void onMessage(void (*callback)(const uint8_t* data, size_t len));
  bool reconnect();
  void close();
};

template <size_t RxBufferSize = 1808, size_t ScratchBufferSize = 1024>
class USMPClientStatic : public USMPClient {
 public:
  explicit USMPClientStatic(const char* psk) : USMPClient(psk) {}
};
