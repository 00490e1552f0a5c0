// Runs serial-bridge.ino on a PC, with a session that is always there: what the device sends at Serial1 comes from
// standard input, each message that the sketch sends is a line of hex digits on standard output.
#include "../../../examples/sketches/serial-bridge/serial-bridge.ino"

static int nextByte = EOF;

int HardwareSerial::available() { return nextByte != EOF; }
int HardwareSerial::read() {
  const int byte = nextByte;
  nextByte = getchar();
  return byte;
}
bool USMPClient::send(const uint8_t* data, size_t length) {
  for (size_t i = 0; i < length; i++) ::printf("%02x", data[i]);
  ::printf("\n");
  return true;
}
bool USMPClient::send(const char* text) { return send((const uint8_t*)text, strlen(text)); }
bool USMPClient::alive() { return true; }

// What else the sketch names has nothing to do here.
HardwareSerial Serial;
HardwareSerial Serial1;
void HardwareSerial::begin(unsigned long, uint32_t, int8_t, int8_t) {}
size_t HardwareSerial::write(uint8_t) { return 1; }
Print::~Print() {}
size_t Print::write(const uint8_t*, size_t length) { return length; }
int Print::availableForWrite() { return 0; }
void Print::flush() {}
size_t Print::print(const char* text) { return strlen(text); }
USMPClient::USMPClient(const char*) {}
size_t USMPClient::write(uint8_t) { return 1; }
size_t USMPClient::write(const uint8_t*, size_t length) { return length; }
void USMPClient::flush() {}
bool USMPClient::send(const String&) { return true; }
bool USMPClient::beginAsync(USMPTCPTransport, USMPArduinoTcpCtx*) { return true; }
void USMPClient::maintain() {}
void USMPClient::onMessage(void (*)(const uint8_t*, size_t)) {}
namespace USMP {
USMPTCPTransport TCP(const char*, uint16_t) { return USMPTCPTransport(); }
}  // namespace USMP
USMPTCPTransport& USMPTCPTransport::wifi(const char*, const char*) { return *this; }
String::String(const char*) {}
String::String(const String&) {}
String::String(unsigned int, unsigned char) {}
StringSumHelper::StringSumHelper(const char*) {}
StringSumHelper& operator+(const StringSumHelper& left, const String&) { return const_cast<StringSumHelper&>(left); }
uint32_t millis() { return 1; }

int main() {
  nextByte = getchar();
  setup();
  loop();
  loop();
  return 0;
}
