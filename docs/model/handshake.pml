/*
 * The handshake (wire document, section 3) with symbolic keys, against an attacker who is the network.
 *
 * Follows lib/core/device-handshake.ts and gateway-handshake.ts; with -DDATAGRAM their datagram-* counterparts, which
 * drop what does not fit and answer up to CANDIDATES different CHALLENGEs. State names are those of the code.
 *
 * Bound: two sessions at each end. Every value is a small number; values that honest ends draw at random are all
 * different. An HMAC is the list of what it covers, a derived key the pair of secrets, the nonce and both public keys.
 *
 * The attacker hears everything, says anything that he can put together, to anybody, as often as he likes, or nothing:
 * so he replays, drops, reorders, reflects, and mixes fields. He has an ephemeral key, a nonce and a session id of his
 * own, and is, with a key that the gateway knows, the device E. He knows no other PSK and no ephemeral secret of others.
 *
 * Left out: HELLO_RETRY and cookies (no HMAC covers them: they keep floods out, and no property here rests on them),
 * frame numbers and lengths, low-order public keys, time (a deadline may pass at any moment), more than one attacker's
 * value of a kind, PSKs that leak later, side channels. HMAC, HKDF and X25519 are taken to be perfect.
 *
 * Switches: DATAGRAM. PASSIVE: the network is honest, and then every handshake must be through. The BROKEN_* and SHOW_*
 * ones must lead to an error; scripts/model.mjs sees to it.
 */
#define SESSIONS 2
#ifdef DATAGRAM
#define CANDIDATES 2
#else
#define CANDIDATES 1
#endif

/* Who: A and B are honest devices; E is the attacker's own; X is unknown to the gateway. */
#define A 1
#define B 2
#define E 3
#define X 4

/* Public keys: of device session d, of gateway session g, and the attacker's. */
#define pubOfDevice(d) (1 + d)
#define pubOfGateway(g) (3 + g)
#define ATTACKERS_PUB 5
/* Nonces and session ids, alike: drawn by gateway session g, or by the attacker. */
#define drawnBy(g) (1 + g)
#define ATTACKERS 3

#define PSK_A 1
#define PSK_B 2
#define PSK_E 3
#define RANDOM_KEY 4 /* what the gateway takes for a device that it does not know: a key that nobody has */

mtype = { HELLO, CHALLENGE, HELLO_ACK, SESSION_OK };
mtype = { awaitHello, awaitPsk, awaitHelloAck, awaitChallenge, awaitSessionOk, over, done };

/* An HMAC by who made it: candidate c of device session d is d * CANDIDATES + c, then come the gateway's, and at last one
   that the attacker made with the only PSK that he has, over whatever fits. */
#define firstGatewayHmac (SESSIONS * CANDIDATES)
#define ATTACKERS_HMAC (firstGatewayHmac + SESSIONS)

bool onePsk; /* the gateway has one PSK for all honest devices, or one each */

mtype deviceState[SESSIONS];
byte deviceId[SESSIONS];
byte answered[SESSIONS]; /* CHALLENGEs that it answered */
byte nonceSeen[SESSIONS * CANDIDATES];
byte pubSSeen[SESSIONS * CANDIDATES];
byte meant[SESSIONS]; /* established: which of them */
byte deviceSessionId[SESSIONS];

mtype gatewayState[SESSIONS];
byte idSeen[SESSIONS];
byte pubCSeen[SESSIONS];

/* What the attacker has heard: one bit for each public key, nonce and session id. */
byte knownPubs = 1 << ATTACKERS_PUB;
byte knownNonces = 1 << ATTACKERS;
byte knownSessionIds = 1 << ATTACKERS;

/* Two bytes of payload: id and pubC; nonce and pubS; 0 and HMAC; session id and HMAC. */
chan toDevice[SESSIONS] = [0] of { mtype, byte, byte };
chan toGateway[SESSIONS] = [0] of { mtype, byte, byte };

#define pskOf(id) (id == A -> PSK_A : (id == B -> (onePsk -> PSK_A : PSK_B) : (id == E -> PSK_E : RANDOM_KEY)))
#define isHonest(id) (id == A || id == B)

#ifdef BROKEN_NONCE_UNCOVERED
#define sameNonce(a, b) true
#else
#define sameNonce(a, b) (a == b)
#endif
#ifdef BROKEN_PUBS_UNCOVERED
#define samePub(a, b) true
#else
#define samePub(a, b) (a == b)
#endif
#ifdef BROKEN_ID_UNCOVERED
#define sameId(a, b) true
#else
#define sameId(a, b) (a == b)
#endif
#ifdef BROKEN_SESSION_ID_UNCOVERED
#define sameSessionId(a, b) true
#else
#define sameSessionId(a, b) (a == b)
#endif

/* hmac_client of candidate k is the one that gateway session g computes. */
#define isClientHmac(g, k) \
  (pskOf(deviceId[(k) / CANDIDATES]) == pskOf(idSeen[g]) && sameNonce(nonceSeen[k], drawnBy(g)) && \
   sameId(deviceId[(k) / CANDIDATES], idSeen[g]) && samePub(pubOfDevice((k) / CANDIDATES), pubCSeen[g]) && \
   samePub(pubSSeen[k], pubOfGateway(g)))

/* hmac_server of gateway session g is the one that device session d computes for candidate k and session id s. */
#define isServerHmac(d, k, s, g) \
  (pskOf(deviceId[d]) == pskOf(idSeen[g]) && sameNonce(nonceSeen[k], drawnBy(g)) && sameSessionId(s, drawnBy(g)) && \
   samePub(pubCSeen[g], pubOfDevice(d)) && samePub(pubSSeen[k], pubOfGateway(g)))

/* They share id, nonce and both public keys, so both compute the same keys; for their PSKs to be equal follows. */
#define sameTranscript(d, k, g) \
  (deviceId[d] == idSeen[g] && nonceSeen[k] == drawnBy(g) && pubCSeen[g] == pubOfDevice(d) && pubSSeen[k] == pubOfGateway(g))

/* The attacker has neither secret of the two public keys: he cannot derive what is derived from them. */
#define isSecret(pubC, pubS) \
  ((pubC == pubOfDevice(0) || pubC == pubOfDevice(1)) && (pubS == pubOfGateway(0) || pubS == pubOfGateway(1)))

#define agrees(d, g) \
  (deviceState[d] == done && sameTranscript(d, d * CANDIDATES + meant[d], g) && deviceSessionId[d] == drawnBy(g))

/* A device's session was begun by one session of the gateway, which agrees on everything, and by no other device's. */
inline judgeDevice(d) {
  assert((agrees(d, 0) && gatewayState[0] == done) || (agrees(d, 1) && gatewayState[1] == done));
  assert(!(agrees(0, 0) && agrees(1, 0)) && !(agrees(0, 1) && agrees(1, 1)));
  assert(isSecret(pubOfDevice(d), pubSSeen[d * CANDIDATES + meant[d]]))
}

#define answeredIt(d, c, g) (c < answered[d] && sameTranscript(d, d * CANDIDATES + c, g))
#ifdef DATAGRAM
#define begunBy(g, d) (answeredIt(d, 0, g) || answeredIt(d, 1, g))
#else
#define begunBy(g, d) answeredIt(d, 0, g)
#endif

/* A session of the gateway was begun by that device, with the same PSK, and the attacker cannot derive its keys. */
inline judgeGateway(g) {
  assert(idSeen[g] != X);
  if
  :: isHonest(idSeen[g]) ->
    assert(begunBy(g, 0) || begunBy(g, 1));
    assert(isSecret(pubCSeen[g], pubOfGateway(g)));
#if !defined(DATAGRAM) || defined(SHOW_TWO_SESSIONS)
    /* Over datagrams a device answers two CHALLENGEs, so two sessions may begin at the gateway. The device takes one. */
    assert(!(gatewayState[0] == done && gatewayState[1] == done && pubCSeen[0] == pubCSeen[1] && isHonest(idSeen[1 - g])))
#endif
  :: else
  fi
}

proctype Device(byte d) {
  byte first, second, c;
end:
  do
  :: atomic { toDevice[d]?CHALLENGE(first, second) ->
      if
      :: deviceState[d] == awaitChallenge || (CANDIDATES > 1 && answered[d] < CANDIDATES &&
          !(nonceSeen[d * CANDIDATES] == first && pubSSeen[d * CANDIDATES] == second)) ->
        nonceSeen[d * CANDIDATES + answered[d]] = first;
        pubSSeen[d * CANDIDATES + answered[d]] = second;
        answered[d]++;
        deviceState[d] = awaitSessionOk
      :: else ->
#ifdef DATAGRAM
        skip
#else
        deviceState[d] = over
#endif
      fi;
      first = 0; second = 0 }
  :: atomic { toDevice[d]?SESSION_OK(first, second) ->
      /* The candidate that this proves, if any. */
      c = 0;
      do
      :: c < answered[d] && !(second >= firstGatewayHmac && second < ATTACKERS_HMAC &&
          isServerHmac(d, d * CANDIDATES + c, first, second - firstGatewayHmac))
#ifdef BROKEN_ACCEPTS_REFLECTION
          && !(second == d * CANDIDATES + c)
#endif
          -> c++
      :: else -> break
      od;
      if
      :: c < answered[d] ->
        meant[d] = c;
        deviceSessionId[d] = first;
        deviceState[d] = done;
        judgeDevice(d)
      :: else ->
#ifdef DATAGRAM
        skip
#else
        deviceState[d] = over
#endif
      fi;
      first = 0; second = 0; c = 0 }
  od
}

proctype Gateway(byte g) {
  byte first, second;
end:
  do
  :: atomic { toGateway[g]?HELLO(first, second) ->
      if
      :: gatewayState[g] == awaitHello ->
        idSeen[g] = first;
        pubCSeen[g] = second;
        gatewayState[g] = awaitPsk;
        /* providePsk, CHALLENGE: at once, since the attacker only gains by that. */
        knownNonces = knownNonces | (1 << drawnBy(g));
        knownPubs = knownPubs | (1 << pubOfGateway(g));
        gatewayState[g] = awaitHelloAck
      :: else -> /* over datagrams the same answer again, which the attacker has heard, or none */
#ifdef DATAGRAM
        skip
#else
        gatewayState[g] = over
#endif
      fi;
      first = 0; second = 0 }
  :: atomic { toGateway[g]?HELLO_ACK(first, second) ->
      if
      :: gatewayState[g] == awaitHelloAck && ((second < firstGatewayHmac && isClientHmac(g, second)) ||
          (second == ATTACKERS_HMAC && pskOf(idSeen[g]) == PSK_E)
#ifdef BROKEN_GATEWAY_CHECKS_NOTHING
          || true
#endif
          ) -> /* SESSION_OK */
        knownSessionIds = knownSessionIds | (1 << drawnBy(g));
        gatewayState[g] = done;
        judgeGateway(g)
      :: else ->
#ifdef DATAGRAM
        skip
#else
        gatewayState[g] = over
#endif
      fi;
      first = 0; second = 0 }
  od
}

#define deviceWaits(d) (deviceState[d] == awaitChallenge || deviceState[d] == awaitSessionOk)
#define gatewayWaits(g) (gatewayState[g] == awaitHello || gatewayState[g] == awaitPsk || gatewayState[g] == awaitHelloAck)

/* One of the HMACs that were said, or his own. */
inline pickHmac(h) {
  if
  :: answered[0] > 0 -> h = 0
  :: answered[1] > 0 -> h = CANDIDATES
#ifdef DATAGRAM
  :: answered[0] > 1 -> h = 1
  :: answered[1] > 1 -> h = CANDIDATES + 1
#endif
  :: gatewayState[0] == done -> h = firstGatewayHmac
  :: gatewayState[1] == done -> h = firstGatewayHmac + 1
  :: h = ATTACKERS_HMAC
  fi
}

inline pickPub(p) {
  if
  :: knownPubs & (1 << pubOfDevice(0)) -> p = pubOfDevice(0)
  :: knownPubs & (1 << pubOfDevice(1)) -> p = pubOfDevice(1)
  :: knownPubs & (1 << pubOfGateway(0)) -> p = pubOfGateway(0)
  :: knownPubs & (1 << pubOfGateway(1)) -> p = pubOfGateway(1)
  :: p = ATTACKERS_PUB
  fi
}

inline pickDrawn(known, n) {
  if
  :: known & (1 << drawnBy(0)) -> n = drawnBy(0)
  :: known & (1 << drawnBy(1)) -> n = drawnBy(1)
  :: n = ATTACKERS
  fi
}

proctype Attacker() {
  byte to, first, second;
end:
  do
  :: atomic {
      /* Not before both sessions of the gateway were begun: no HELLO rests on what a device answers. */
      gatewayState[1] != awaitHello && (deviceWaits(0) || deviceWaits(1));
      if :: deviceWaits(0) -> to = 0 :: deviceWaits(1) -> to = 1 fi;
      if
      :: pickDrawn(knownNonces, first); pickPub(second); toDevice[to]!CHALLENGE(first, second)
      :: pickDrawn(knownSessionIds, first); pickHmac(second); toDevice[to]!SESSION_OK(first, second)
      fi;
      to = 0; first = 0; second = 0 }
  :: atomic {
      if
      :: gatewayWaits(0) -> to = 0
      :: gatewayWaits(1) && gatewayState[0] != awaitHello -> to = 1 /* which of the two hears first is all the same */
      fi;
      if
      :: if :: first = A :: first = B :: first = E :: first = X fi; pickPub(second); toGateway[to]!HELLO(first, second)
      :: pickHmac(second); toGateway[to]!HELLO_ACK(0, second)
      fi;
      to = 0; first = 0; second = 0 }
  od
}

/* An honest network. Nobody waits for ever: where nothing more happens, all is established, in either order. */
proctype Network(byte i) {
  (deviceState[i] == awaitChallenge && gatewayState[i] == awaitHello) ->
  toGateway[i]!HELLO(deviceId[i], pubOfDevice(i));
  (gatewayState[i] == awaitHelloAck) -> toDevice[i]!CHALLENGE(drawnBy(i), pubOfGateway(i));
  (answered[i] == 1) -> toGateway[i]!HELLO_ACK(0, i * CANDIDATES);
  (gatewayState[i] == done) -> toDevice[i]!SESSION_OK(drawnBy(i), firstGatewayHmac + i)
}

init {
  atomic {
    if :: onePsk = true :: onePsk = false fi;
    deviceId[0] = A;
    if :: deviceId[1] = A :: deviceId[1] = B fi;
    /* Both HELLOs are said at the beginning: the attacker only gains by hearing them early. */
    deviceState[0] = awaitChallenge;
    deviceState[1] = awaitChallenge;
    knownPubs = knownPubs | (1 << pubOfDevice(0)) | (1 << pubOfDevice(1));
    gatewayState[0] = awaitHello;
    gatewayState[1] = awaitHello;
    run Device(0); run Device(1); run Gateway(0); run Gateway(1);
#ifdef PASSIVE
    run Network(0); run Network(1)
#else
    run Attacker()
#endif
  }
#ifdef PASSIVE
  timeout -> assert(deviceState[0] == done && deviceState[1] == done && gatewayState[0] == done && gatewayState[1] == done)
#endif
#ifdef SHOW_ESTABLISHED
  /* That honest sessions come about at all: this must be found to be wrong. */
  (deviceState[0] == done && deviceState[1] == done) -> assert(false)
#endif
}
