// Declarations, and nothing behind them: what the sketches in examples/sketches use of the ESP32 Arduino core, so that a
// host's g++ can check their syntax and types. The signatures are those of the core's documentation, version 2 and later.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <initializer_list>

// <math.h> of C++ takes a second to read.
extern "C" float fabsf(float) noexcept;
#define NAN (__builtin_nanf(""))

#define IRAM_ATTR
#define RTC_DATA_ATTR

#define LOW 0x0
#define HIGH 0x1
#define INPUT 0x01
#define OUTPUT 0x03
#define INPUT_PULLUP 0x05
#define RISING 0x01
#define FALLING 0x02
#define CHANGE 0x03
#define LSBFIRST 0
#define MSBFIRST 1
#define DEC 10
#define HEX 16
#define SERIAL_8N1 0x800001c

#define constrain(amount, low, high) ((amount) < (low) ? (low) : ((amount) > (high) ? (high) : (amount)))

template <typename A, typename B>
auto max(const A& a, const B& b) -> decltype(a < b ? b : a) {
  return a < b ? b : a;
}

// There an unsigned long of 32 bits, which a host does not have.
uint32_t millis();
uint32_t micros();
void delay(uint32_t ms);
void delayMicroseconds(uint32_t us);
long map(long x, long inMin, long inMax, long outMin, long outMax);
long random(long max);
long random(long min, long max);

void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t value);
int digitalRead(uint8_t pin);
uint16_t analogRead(uint8_t pin);
void analogReadResolution(uint8_t bits);
void analogWrite(uint8_t pin, int value);
void shiftOut(uint8_t dataPin, uint8_t clockPin, uint8_t bitOrder, uint8_t value);
#define digitalPinToInterrupt(pin) (pin)
void attachInterrupt(uint8_t pin, void (*handler)(), int mode);
void detachInterrupt(uint8_t pin);

struct portMUX_TYPE {
  int owner;
};
#define portMUX_INITIALIZER_UNLOCKED {0}
void portENTER_CRITICAL(portMUX_TYPE* mux);
void portEXIT_CRITICAL(portMUX_TYPE* mux);
void portENTER_CRITICAL_ISR(portMUX_TYPE* mux);
void portEXIT_CRITICAL_ISR(portMUX_TYPE* mux);

int esp_sleep_enable_timer_wakeup(uint64_t microseconds);
[[noreturn]] void esp_deep_sleep_start();

class String {
 public:
  String(const char* text = "");
  String(const char* text, unsigned int length);
  String(const String& other);
  explicit String(char c);
  explicit String(int value, unsigned char base = 10);
  explicit String(unsigned int value, unsigned char base = 10);
  explicit String(long value, unsigned char base = 10);
  explicit String(unsigned long value, unsigned char base = 10);
  explicit String(float value, unsigned int decimals = 2);
  explicit String(double value, unsigned int decimals = 2);

  String& operator=(const String& other);
  String& operator+=(const String& other);
  String& operator+=(const char* text);
  bool operator==(const String& other) const;
  bool operator==(const char* text) const;
  bool operator!=(const String& other) const;
  bool operator!=(const char* text) const;

  const char* c_str() const;
  unsigned int length() const;
  bool startsWith(const String& prefix) const;
  String substring(unsigned int from) const;
  String substring(unsigned int from, unsigned int to) const;
  long toInt() const;
  float toFloat() const;
  void trim();
};
// What `+` gives, as there: it decides what `condition ? "at " + String(1) : String("lost")` is.
class StringSumHelper : public String {
 public:
  StringSumHelper(const String& text);
  StringSumHelper(const char* text);
};
StringSumHelper& operator+(const StringSumHelper& left, const String& right);
StringSumHelper& operator+(const StringSumHelper& left, const char* right);

class Print {
 public:
  virtual ~Print();
  virtual size_t write(uint8_t byte) = 0;
  virtual size_t write(const uint8_t* bytes, size_t length);
  virtual int availableForWrite();
  virtual void flush();
  size_t printf(const char* format, ...) __attribute__((format(printf, 2, 3)));
  size_t print(const String& text);
  size_t print(const char* text);
  size_t print(char c);
  size_t print(int value, int base = DEC);
  size_t print(unsigned int value, int base = DEC);
  size_t print(long value, int base = DEC);
  size_t print(unsigned long value, int base = DEC);
  size_t print(double value, int decimals = 2);
  size_t println(const String& text);
  size_t println(const char* text);
  size_t println(char c);
  size_t println(int value, int base = DEC);
  size_t println(unsigned int value, int base = DEC);
  size_t println(long value, int base = DEC);
  size_t println(unsigned long value, int base = DEC);
  size_t println(double value, int decimals = 2);
  size_t println();
};

class HardwareSerial : public Print {
 public:
  void begin(unsigned long baud, uint32_t config = SERIAL_8N1, int8_t rxPin = -1, int8_t txPin = -1);
  int available();
  int read();
  String readStringUntil(char terminator);
  using Print::write;
  size_t write(uint8_t byte) override;
};
extern HardwareSerial Serial;
extern HardwareSerial Serial1;

class EspClass {
 public:
  [[noreturn]] void restart();
  uint32_t getFreeHeap();
};
extern EspClass ESP;
