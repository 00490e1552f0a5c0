// Loaded before jsfuzz instruments whatever is required: other people's packages are not what is fuzzed, and slow it down.
require("libsodium-wrappers");
require("eventemitter3");
require("commander");
