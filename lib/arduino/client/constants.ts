/** Names and numbers of the board's C library, for ported sketches. */
import { UsmpErrno } from "../../errors.js";

export const USMP_OK = UsmpErrno.OK;
export const USMP_ERR_INVALID_ARG = UsmpErrno.INVALID_ARG;
export const USMP_ERR_TRANSPORT_FAILED = UsmpErrno.TRANSPORT_FAILED;
export const USMP_ERR_AUTH_FAILED = UsmpErrno.AUTH_FAILED;
export const USMP_ERR_TIMEOUT = UsmpErrno.TIMEOUT;
export const USMP_ERR_REPLAY_DETECTED = UsmpErrno.REPLAY_DETECTED;
export const USMP_ERR_BUFFER_OVERFLOW = UsmpErrno.BUFFER_OVERFLOW;
export const USMP_ERR_SEQ_EXHAUSTED = UsmpErrno.SEQ_EXHAUSTED;
export const USMP_ERR_CRYPTO_FAILED = UsmpErrno.CRYPTO_FAILED;
export const USMP_ERR_NOT_CONNECTED = UsmpErrno.NOT_CONNECTED;
/** A failed lock of the board's operating system. There is none here, so `lastError()` never returns it. */
export const USMP_ERR_MUTEX_FAILED = -10;

/** The values of `state()`. CALCULATING_ECDH never shows, neither on a board nor here. */
export const USMP_STATE_IDLE = 0;
export const USMP_STATE_CONNECTING_SOCKET = 1;
export const USMP_STATE_AWAITING_CHALLENGE = 2;
export const USMP_STATE_CALCULATING_ECDH = 3;
export const USMP_STATE_AWAITING_SESSION_OK = 4;
export const USMP_STATE_ESTABLISHED = 5;
/** The last attempt failed, or the session was lost. */
export const USMP_STATE_ERROR = 6;

/** For `setLogLevel()`. Each level includes the ones before it. */
export const USMP_LOG_LEVEL_NONE = 0;
export const USMP_LOG_LEVEL_ERROR = 1;
export const USMP_LOG_LEVEL_WARN = 2;
export const USMP_LOG_LEVEL_INFO = 3;
export const USMP_LOG_LEVEL_DEBUG = 4;

/** The most bytes in one frame, and frames in one message. */
export {
  MAX_FRAMES_PER_MESSAGE as USMP_MAX_FRAMES,
  MAX_PLAINTEXT_LENGTH as USMP_MAX_DATA_LEN,
} from "../../core/wire/wire.js";

export { DEFAULT_PORT as USMP_DEFAULT_PORT } from "../../transport/place.js";
