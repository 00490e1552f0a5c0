/*
 * The life of a device's connection, in full: every state and every input of lib/device/reconnect-machine.ts (`step`),
 * with what lib/device/reconnect-loop.ts makes of its effects. State, input and effect names are those of the code.
 *
 * The application calls begin, reconnect and close at any time, also from within a callback, that is between two effects.
 * Whatever can happen to an attempt may happen: no PSK, no link, a handshake that fails, a session that ends, soon or
 * late; what was called off still reports, later.
 *
 * Bound: CONNECTIONS connections exist at one time, those on their way out included; numbers of attempts are used again
 * when nothing is left of the old one. Failures in a row count up to FAILURES, which is also the largest maxAttempts but
 * for "never give up". Calls, attempts and lives are not bounded: the model goes round.
 *
 * Left out: the count of sessions (it only chooses between onConnect and onReconnect), how long a delay is (table tests of backoffDelay), the messages of the session, the offline queue, a dialer that
 * does not heed its signal (its late link is destroyed when it comes), process exit, user callbacks that throw.
 *
 * The BROKEN_* switches must lead to an error; scripts/model.mjs sees to it.
 */
#ifndef CONNECTIONS
#define CONNECTIONS 3
#endif
#define FAILURES 2
#define NEVER 255 /* maxAttempts: does not give up */
#define NONE 255

mtype = { idle, opening, handshaking, established, backoff, closed };

/* LifeState */
mtype name;
byte attempt; /* modulo CONNECTIONS */
byte failures;
byte maxAttempts;

/* What `step` asked for and was not carried out yet, in this order. */
bool drop, dial, startTimer, announce;

/* ReconnectLoop */
bool timerRuns;
byte timerFor;
byte dialing = NONE;
byte session = NONE;
byte announced = NONE;
bool waiting[CONNECTIONS]; /* begin() or reconnect() waits for this attempt's result */

/* What there is of each attempt. `failing`: over, its socket not gone yet; `closing`: told to end, and the application does
   not know yet; `ending`: it knows, and the link is not gone yet. */
mtype = { free, lookup, connecting, shaking, failing, live, closing, ending };
mtype link[CONNECTIONS];
bool calledOff[CONNECTIONS];
bool toldOf[CONNECTIONS]; /* onConnect was called, and onDisconnect was not */
bool stopped; /* the application makes no more calls */
bool final; /* closed, and no begin() since */

#define next ((attempt + 1) % CONNECTIONS)
#define isActive (name != idle && name != closed)
#define isConnecting (name == opening || name == handshaking)
#define isQuiet (!drop && !dial && !startTimer && !announce)

/* An attempt or session that was not told to end. */
#define isUp(s) (link[s] == live || (!calledOff[s] && (link[s] == lookup || link[s] == connecting || link[s] == shaking)))
#define upCount (isUp(0) + isUp(1) + isUp(2))
#define allFree (link[0] == free && link[1] == free && link[2] == free)
#define noneCloses (link[0] != closing && link[1] != closing && link[2] != closing)
/* Callbacks run to their end before anything else happens, and what they closed is told before that, too. */
#ifdef BROKEN_LATE_CLOSE
#define mayHappen isQuiet
#else
#define mayHappen (isQuiet && noneCloses)
#endif

inline check() {
  if :: name == closed -> final = true :: else fi;
  assert(!final || name == closed);
  assert(upCount <= 1); /* never two links at once, but for those on their way out */
  assert(!isQuiet || (
    /* no state without what leads on from it, and nothing that belongs to another state */
    (timerRuns == (name == backoff)) && (!timerRuns || timerFor == attempt) &&
    (upCount == 0 || isActive) &&
    (name != opening || link[attempt] == lookup || link[attempt] == connecting || link[attempt] == failing) &&
    (name != handshaking || link[attempt] == shaking || link[attempt] == failing) &&
    (name != established || (link[attempt] == live && session == attempt && announced == attempt)) &&
    (name == established || session == NONE) &&
    /* whoever waits for a result gets one */
    (!waiting[0] || link[0] != free) && (!waiting[1] || link[1] != free) && (!waiting[2] || link[2] != free)))
}

/* onConnect and onDisconnect come in pairs, and nothing is told of a connection that is gone. */
inline gone(s) {
  assert(!toldOf[s]);
  link[s] = free;
  calledOff[s] = false;
  if :: announced == s && session != s -> announced = NONE :: else fi
}

inline setEffects(d, n, t, a) {
  /* A change in a callback makes the rest of the effects out of date. */
#ifdef BROKEN_OVERTAKEN
  drop = drop || d; dial = dial || n; startTimer = startTimer || t; announce = announce || a
#else
  drop = d; dial = n; startTimer = t; announce = a
#endif
}

inline startOver() {
  attempt = next;
  failures = 0;
  name = opening;
  waiting[attempt] = true;
#ifdef BROKEN_NO_DROP
  setEffects(false, true, false, false)
#else
  setEffects(true, true, false, false)
#endif
}

/* backOff; `permanent`: trying again cannot help. */
inline backOff(permanent) {
  if
  :: permanent || failures >= maxAttempts -> name = closed; setEffects(false, false, false, false)
  :: else ->
    name = backoff;
#ifdef BROKEN_NO_TIMER
    setEffects(false, false, false, false)
#else
    setEffects(false, false, true, false)
#endif
  fi
}

inline countFailure() { if :: failures < FAILURES -> failures++ :: else fi }

#ifdef BROKEN_LATE_EVENT
#define isOurs(s) isActive
#else
#define isOurs(s) (isActive && s == attempt)
#endif

/* The inputs that name their attempt. Anything that does not fit changes nothing. */
inline takeLinkOpen(s) { if :: isOurs(s) && name == opening -> name = handshaking :: else fi }

inline takeEstablished(s) {
  if
  :: isOurs(s) && isConnecting -> name = established; setEffects(false, false, false, true)
  :: else
  fi
}

inline takeFailed(s, permanent) {
  if
  :: isOurs(s) && isConnecting -> countFailure(); backOff(permanent)
  :: else
  fi
}

inline takeLost(s) {
  if
  :: isOurs(s) && name == established ->
    if :: failures = 0 /* it was stable */ :: skip fi;
    countFailure();
    backOff(false)
  :: else
  fi
}

inline takeTimer(s) {
  if
  :: isOurs(s) && name == backoff -> attempt = next; name = opening; setEffects(false, true, false, false)
  :: else
  fi
}

/* #fail: the attempt is gone, and reports so. */
inline report(s, permanent) {
  gone(s);
  if :: dialing == s -> dialing = NONE :: else fi;
#ifndef BROKEN_SILENT_FAILURE
  takeFailed(s, permanent);
#endif
  waiting[s] = false
}

proctype Application() {
  do
  :: atomic { link[next] == free -> final = false; startOver(); check() } /* begin */
#ifdef BROKEN_CLOSED_RECONNECTS
  :: atomic { name != idle && link[next] == free -> startOver(); check() }
#else
  :: atomic { isActive && link[next] == free -> startOver(); check() } /* reconnect */
#endif
  :: atomic { name = closed; setEffects(true, false, false, false); check() } /* close */
  :: stopped = true; break
  od
}

/* #carryOut */
proctype Effects() {
  byte s;
end:
  do
  :: atomic { drop ->
      drop = false;
#ifndef BROKEN_TIMER_SURVIVES
      timerRuns = false;
#endif
      if :: dialing != NONE -> calledOff[dialing] = true; dialing = NONE :: else fi;
#ifdef BROKEN_DROP_KEEPS_SESSION
      session = NONE;
#else
      if :: session != NONE -> link[session] = closing; session = NONE :: else fi;
#endif
      s = 0;
      do
      :: s < CONNECTIONS ->
        if :: !(name == opening && s == attempt) -> waiting[s] = false :: else fi;
        s++
      :: else -> break
      od;
      s = 0;
      check() }
  :: atomic { !drop && dial ->
      dial = false;
      assert(name == opening && link[attempt] == free);
      dialing = attempt;
      link[attempt] = lookup;
      check() }
  :: atomic { !drop && startTimer -> startTimer = false; timerRuns = true; timerFor = attempt; check() }
  :: atomic { !drop && announce ->
      announce = false;
      waiting[attempt] = false;
      assert(name == established && session != NONE);
      announced = session;
      toldOf[session] = true;
      check() }
  od
}

proctype Timer() {
end:
  do
  :: atomic { mayHappen && timerRuns && link[next] == free -> timerRuns = false; takeTimer(timerFor); check() }
  od
}

/* dialSession and #adopt, for the attempt of this number. */
proctype Connection(byte s) {
end:
  do
  :: atomic { mayHappen && link[s] == lookup ->
      if
      :: !calledOff[s] -> link[s] = connecting
      :: report(s, false)
      :: !calledOff[s] -> report(s, true) /* the device has no PSK: INVALID_ARG */
      fi;
      check() }
  :: atomic { mayHappen && link[s] == connecting ->
      if
      :: !calledOff[s] -> link[s] = shaking; takeLinkOpen(s)
      :: report(s, false)
      fi;
      check() }
  :: atomic { mayHappen && link[s] == shaking ->
      if
      :: !calledOff[s] ->
        link[s] = live;
        if :: dialing == s -> dialing = NONE :: else fi;
        session = s;
        takeEstablished(s)
      :: link[s] = failing
      fi;
      check() }
  :: atomic { mayHappen && link[s] == failing -> report(s, false); check() }
  /* A session ends by itself, or was told to. */
  :: atomic { (mayHappen && link[s] == live && session == s) || link[s] == closing ->
      link[s] = ending;
      if :: session == s -> session = NONE :: else fi;
      takeLost(s);
      if :: announced == s -> toldOf[s] = false :: else fi;
      check() }
  :: atomic { mayHappen && link[s] == ending -> gone(s); check() }
  od
}

init {
  byte s;
  atomic {
    name = idle;
    if :: maxAttempts = 1 :: maxAttempts = FAILURES :: maxAttempts = NEVER fi;
    do
    :: s < CONNECTIONS -> link[s] = free; run Connection(s); s++
    :: else -> break
    od;
    run Application(); run Effects(); run Timer()
  }
}

/* Every wait leads on by itself. A timer that runs out is the only way out of backoff that nobody has to ask for. */
ltl retries { [] ((stopped && name == backoff) -> <> (name == opening)) }
ltl decides { [] ((stopped && isConnecting) -> <> !isConnecting) }
ltl clears { [] ((stopped && name == closed) -> <> allFree) }
