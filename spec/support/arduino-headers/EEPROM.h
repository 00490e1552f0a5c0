// Declarations, and nothing behind them: see Arduino.h.
#pragma once

#include <Arduino.h>

class EEPROMClass {
 public:
  bool begin(size_t size);
  uint8_t read(int address);
  void write(int address, uint8_t value);
  bool commit();
};
extern EEPROMClass EEPROM;
