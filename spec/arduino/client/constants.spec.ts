import { expect } from "chai";
import * as constants from "../../../lib/arduino/client/constants.js";

describe("the constants of the board's library", () => {
  it("have its numbers", () => {
    expect({ ...constants }).to.deep.equal({
      USMP_OK: 0,
      USMP_ERR_INVALID_ARG: -1,
      USMP_ERR_TRANSPORT_FAILED: -2,
      USMP_ERR_AUTH_FAILED: -3,
      USMP_ERR_TIMEOUT: -4,
      USMP_ERR_REPLAY_DETECTED: -5,
      USMP_ERR_BUFFER_OVERFLOW: -6,
      USMP_ERR_SEQ_EXHAUSTED: -7,
      USMP_ERR_CRYPTO_FAILED: -8,
      USMP_ERR_NOT_CONNECTED: -9,
      USMP_ERR_MUTEX_FAILED: -10,
      USMP_STATE_IDLE: 0,
      USMP_STATE_CONNECTING_SOCKET: 1,
      USMP_STATE_AWAITING_CHALLENGE: 2,
      USMP_STATE_CALCULATING_ECDH: 3,
      USMP_STATE_AWAITING_SESSION_OK: 4,
      USMP_STATE_ESTABLISHED: 5,
      USMP_STATE_ERROR: 6,
      USMP_LOG_LEVEL_NONE: 0,
      USMP_LOG_LEVEL_ERROR: 1,
      USMP_LOG_LEVEL_WARN: 2,
      USMP_LOG_LEVEL_INFO: 3,
      USMP_LOG_LEVEL_DEBUG: 4,
      USMP_MAX_DATA_LEN: 452,
      USMP_MAX_FRAMES: 4,
      USMP_DEFAULT_PORT: 9000,
    });
  });
});
