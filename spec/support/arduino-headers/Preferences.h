// Declarations, and nothing behind them: see Arduino.h.
#pragma once

#include <Arduino.h>

class Preferences {
 public:
  bool begin(const char* name, bool readOnly = false, const char* partition = nullptr);
  void end();
  bool clear();
  bool remove(const char* key);
  bool isKey(const char* key);
  size_t putUInt(const char* key, uint32_t value);
  size_t putString(const char* key, const char* value);
  size_t putString(const char* key, String value);
  uint32_t getUInt(const char* key, uint32_t defaultValue = 0);
  String getString(const char* key, String defaultValue = String());
};
