/*
 * The handshake (§3) with symbolic keys, against an attacker who is the network.
 *
 * Follows lib/core/handshake/stream-device.ts and stream-gateway.ts; with -DDATAGRAM their datagram-* counterparts, where a
 * device answers several CHALLENGEs. State names are those of the code. What does not fit is dropped, as over datagrams;
 * a stream ends there, so here the attacker may try more often than he can.
 *
 * Bound: two sessions at each end; over datagrams two CHALLENGEs for the first device session, one for the other. Every value is a small number; values that honest ends draw at random are all
 * different. An HMAC is the list of what it covers, a derived key the pair of secrets, the nonce and both public keys.
 *
 * The attacker hears everything, says anything that he can put together, to anybody, as often as he likes, or nothing:
 * so he replays, drops, reorders, reflects, and mixes fields. He has an ephemeral key, a nonce and a session id of his
 * own, and is, with a key that the gateway knows, the device E. He knows no other PSK and no ephemeral secret of others.
 *
 * Left out: deadlines (whoever waits for the attacker in the end is ended by one), HELLO_RETRY and cookies (no HMAC covers them: they keep floods out, and no property here rests on them),
 * frame numbers and lengths, low-order public keys, more than one attacker's
 * value of a kind, PSKs that leak later, side channels. HMAC, HKDF and X25519 are taken to be perfect.
 *
 * Switches: DATAGRAM. PASSIVE: the network is honest, and then every handshake must be through. ONLY_SECRECY: of the
 * properties this one alone. The BROKEN_* and SHOW_* ones must lead to an error; scripts/model.mjs sees to it.
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

mtype = { awaitHello, awaitPsk, awaitHelloAck, awaitChallenge, awaitSessionOk, done };

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

/* A session of the device was begun by a session of the gateway that agrees with it on everything, session id and keys
   included; by one alone, and of one device session alone, since both public keys are among what they agree on. */
inline judgeDevice(d) {
#ifndef ONLY_SECRECY
  assert((agrees(d, 0) && gatewayState[0] == done) || (agrees(d, 1) && gatewayState[1] == done));
#endif
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
#ifndef ONLY_SECRECY
  assert(idSeen[g] != X);
#endif
  if
  :: isHonest(idSeen[g]) ->
#ifndef ONLY_SECRECY
    assert(begunBy(g, 0) || begunBy(g, 1));
#endif
    assert(isSecret(pubCSeen[g], pubOfGateway(g)));
#if !defined(DATAGRAM) || defined(SHOW_TWO_SESSIONS)
    /* Over datagrams a device answers two CHALLENGEs, so two sessions may begin at the gateway. The device takes one. */
    assert(!(gatewayState[0] == done && gatewayState[1] == done && pubCSeen[0] == pubCSeen[1] && isHonest(idSeen[1 - g])))
#endif
  :: else
  fi
}

#define takesChallenge(d) \
  (deviceState[d] == awaitChallenge || (CANDIDATES > 1 && d == 0 && deviceState[d] == awaitSessionOk && answered[d] == 1))

/* The device hears CHALLENGE: nonce and public key. */
inline hearChallenge(d) {
  if
  :: deviceState[d] == awaitChallenge || (takesChallenge(d) &&
      /* a different one; which of two comes first is all the same */
      first * 8 + second > nonceSeen[0] * 8 + pubSSeen[0]) ->
    nonceSeen[d * CANDIDATES + answered[d]] = first;
    pubSSeen[d * CANDIDATES + answered[d]] = second;
    answered[d]++; /* HELLO_ACK */
    deviceState[d] = awaitSessionOk
  :: else
  fi
}

#ifdef BROKEN_ACCEPTS_REFLECTION
#define isOwnHmac(k, h) (h == k)
#else
#define isOwnHmac(k, h) false
#endif
#define proves(d, k, s, h) \
  ((h >= firstGatewayHmac && h < ATTACKERS_HMAC && isServerHmac(d, k, s, h - firstGatewayHmac)) || isOwnHmac(k, h))

/* The device hears SESSION_OK: session id and HMAC. */
inline hearSessionOk(d) {
  if
  :: deviceState[d] == awaitSessionOk ->
    c = 0;
    do
    :: c < answered[d] && !proves(d, d * CANDIDATES + c, first, second) -> c++
    :: else -> break
    od;
    if
    :: c < answered[d] ->
      meant[d] = c;
      deviceSessionId[d] = first;
      deviceState[d] = done;
      judgeDevice(d)
    :: else
    fi;
    c = 0
  :: else
  fi
}

/* The gateway hears HELLO: device id and public key. */
inline hearHello(g) {
  if
  :: gatewayState[g] == awaitHello ->
    idSeen[g] = first;
    pubCSeen[g] = second;
    gatewayState[g] = awaitPsk;
    /* providePsk, CHALLENGE: at once, since the attacker only gains by that. */
    knownNonces = knownNonces | (1 << drawnBy(g));
    knownPubs = knownPubs | (1 << pubOfGateway(g));
    gatewayState[g] = awaitHelloAck
  :: else
  fi
}

#ifdef BROKEN_GATEWAY_CHECKS_NOTHING
#define isAccepted(g, h) true
#else
#define isAccepted(g, h) \
  ((h < firstGatewayHmac && isClientHmac(g, h)) || (h == ATTACKERS_HMAC && pskOf(idSeen[g]) == PSK_E))
#endif

/* The gateway hears HELLO_ACK: HMAC. */
inline hearHelloAck(g) {
  if
  :: gatewayState[g] == awaitHelloAck && isAccepted(g, second) ->
    knownSessionIds = knownSessionIds | (1 << drawnBy(g)); /* SESSION_OK */
    gatewayState[g] = done;
    judgeGateway(g)
  :: else
  fi
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

/* What he says is heard at once: to say it later is his choice, too. What is dropped for certain he need not say. */
proctype Attacker() {
  byte to, first, second, c;
end:
  do
  :: atomic {
      /* Not before both sessions of the gateway were begun: no HELLO rests on what a device answers. */
      gatewayState[1] != awaitHello && (deviceWaits(0) || deviceWaits(1));
      if :: deviceWaits(0) -> to = 0 :: deviceWaits(1) -> to = 1 fi;
      if
      :: takesChallenge(to) -> pickDrawn(knownNonces, first); pickPub(second); hearChallenge(to)
      :: deviceState[to] == awaitSessionOk -> pickDrawn(knownSessionIds, first); pickHmac(second); hearSessionOk(to)
      fi;
      to = 0; first = 0; second = 0 }
  :: atomic {
      if
      :: gatewayWaits(0) -> to = 0
      :: gatewayWaits(1) && gatewayState[0] != awaitHello -> to = 1 /* which of the two hears first is all the same */
      fi;
      if
      :: gatewayState[to] == awaitHello -> if :: first = A :: first = B :: first = E fi; pickPub(second); hearHello(to)
      :: gatewayState[to] == awaitHello -> first = X; second = ATTACKERS_PUB; hearHello(to)
      :: gatewayState[to] == awaitHelloAck -> pickHmac(second); hearHelloAck(to)
      fi;
      to = 0; first = 0; second = 0 }
  od
}

/* An honest network. Nobody waits for ever: where nothing more happens, all is established, in either order. */
proctype Network(byte i) {
  byte first, second, c;
end:
  do
  :: atomic { deviceState[i] == awaitChallenge && gatewayState[i] == awaitHello ->
      first = deviceId[i]; second = pubOfDevice(i); hearHello(i) }
  :: atomic { deviceState[i] == awaitChallenge && gatewayState[i] == awaitHelloAck ->
      first = drawnBy(i); second = pubOfGateway(i); hearChallenge(i) }
  :: atomic { deviceState[i] == awaitSessionOk && gatewayState[i] == awaitHelloAck ->
      first = 0; second = i * CANDIDATES; hearHelloAck(i) }
  :: atomic { deviceState[i] == awaitSessionOk && gatewayState[i] == done ->
      first = drawnBy(i); second = firstGatewayHmac + i; hearSessionOk(i) }
  od
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
