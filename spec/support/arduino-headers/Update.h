// Declarations, and nothing behind them: see Arduino.h.
#pragma once

#include <Arduino.h>

class UpdateClass {
 public:
  bool begin(size_t size);
  size_t write(uint8_t* data, size_t length);
  bool end(bool evenIfRemaining = false);
  void abort();
};
extern UpdateClass Update;
