/*
 * The rotation of keys over datagrams (§5 to §7), with its crossings.
 *
 * Follows lib/core/datagram/datagram-keys.ts (DatagramKeys), datagram-session.ts, arq-sender.ts, stop-and-wait-arq.ts and
 * datagram-reassembly.ts. State names are those of the code. Both ends may send, wish for a rotation, and do the work
 * that is due, each at any time.
 *
 * The network keeps a copy of every datagram that was ever sent, and may deliver any of them at any time, again and
 * again, or not: so it delays, reorders and repeats without bound. A sender repeats its frame until it is acknowledged,
 * which is the same as that its copy stays deliverable. Acknowledgements may be lost, LOSSES of them; then the
 * receiver has to make another one.
 *
 * Bound: MESSAGES messages and WISHES wishes for a rotation at each end, LOSSES lost acknowledgements.
 *
 * A delivery that would change nothing is not made: so every run ends, and where it ends all must be done. That is the
 * proof that nothing is stuck while the network delivers at last.
 *
 * A key is a number: 2 * salt for what the initiator sends with, and 2 * salt + 1 for what it receives with; that both
 * ends derive it from the same two keys is checked where it is derived.
 *
 * Left out: time (the least time between two REKEYs or PINGs: each may be later), giving up after 8 sendings, keepalive,
 * BYE, an application that does not read, the first number under a new key (a number counts under its key alone), the
 * 64 of the replay window (here it remembers all), the limits of control frames, forgeries and damage (the cipher is
 * taken to be perfect), public peers.
 *
 * The BROKEN_* switches must lead to an error; scripts/model.mjs sees to it.
 */
#ifndef MESSAGES
#define MESSAGES 2
#endif
#ifndef WISHES
#define WISHES 2
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#define FRAMES 12 /* of one direction; an assertion says that there is always room */
#define SALTS (2 * WISHES + 1)
#define NONE 255

#define DEVICE 0
#define GATEWAY 1
#define peerOf(e) (1 - e)

/* Messages of two frames and of one, in turn. */
#define framesOf(message) (message % 2 == 0 -> 2 : 1)

mtype = { DATA_FRAG, DATA, PING, PONG, REKEY };
mtype = { settled, initiated, switched, responded };

/* What each end sealed, in order; `what` is a message's number, or a salt. */
typedef Sealed { mtype type[FRAMES]; byte key[FRAMES]; byte seq[FRAMES]; byte what[FRAMES]; bool acked[FRAMES] }
Sealed frame[2];
byte sealedCount[2];
byte sentCount[2]; /* how many of those were sent */
byte losses = LOSSES;

typedef End {
  /* DatagramKeys */
  mtype state;
  byte tx, txSeq, nextTx;
  byte rx; short seen; /* the replay window of rx: one bit for each number */
  byte preparedTx, nextRx;
  byte rekeyFrame;
  /* ArqSender, FragmentQueue */
  byte inFlight, ready;
  byte pushed, taken, begun;
  /* DatagramSession */
  bool rekeyWanted, rekeyDue, awaitsPong, pingDue, pongOwed;
  byte wishes, rekeys;
  /* DatagramReassembly */
  byte parts, partsOf, partsEnd; short open; bool restFollows;
  byte delivered, accepted
#ifdef BROKEN_KEEPS_OLD_KEY
  ; byte old
#endif
}
End end_[2];

bool derived[SALTS];
byte ikmTx[SALTS], ikmRx[SALTS];

#define me end_[e]
#define bit(n) (1 << (n))
#define isWithinMessage (me.begun > 0)
#define awaitsSwitch (me.nextTx != NONE)
#define isSettled (me.state == settled && !awaitsSwitch)
#define holdsPart (me.parts > 0)
#define goesOn(seq) ((seq) > 0 && (me.open & bit((seq) - 1)))

inline derive(itx, irx, salt) {
  assert(!derived[salt] || (ikmTx[salt] == itx && ikmRx[salt] == irx));
  derived[salt] = true;
  ikmTx[salt] = itx;
  ikmRx[salt] = irx
}

/* ArqSender.#seal */
inline seal(kind, content) {
  assert(sealedCount[e] < FRAMES);
  frame[e].type[sealedCount[e]] = kind;
  frame[e].key[sealedCount[e]] = me.tx;
  frame[e].seq[sealedCount[e]] = me.txSeq;
  frame[e].what[sealedCount[e]] = content;
  sealedCount[e]++;
  me.txSeq++
}

inline launch() {
  assert(me.inFlight == NONE);
  me.inFlight = sentCount[e];
  sentCount[e]++
}

inline transmit(kind, content) { seal(kind, content); launch() }

/* FragmentQueue.take, sealed; there must be one. */
inline sealFragment() {
  if
  :: me.begun + 1 < framesOf(me.taken) -> seal(DATA_FRAG, me.taken); me.begun++
  :: else -> seal(DATA, me.taken); me.begun = 0; me.taken++
  fi
}

#define hasFragment (me.taken < me.pushed)

inline sealUnder(newTx) { me.tx = newTx; me.txSeq = 0 }

inline switchSending() {
  if
  :: awaitsSwitch -> sealUnder(me.nextTx); me.nextTx = NONE
  :: else
  fi
}

/* DatagramSession.#advance, with #switchKeys and #advanceControl */
inline advance() {
  if
  :: me.inFlight != NONE -> skip
  :: me.inFlight == NONE && me.ready != NONE -> me.ready = NONE; launch()
  :: else ->
    if
    :: !isWithinMessage ->
      switchSending();
      if
      :: me.pongOwed -> me.pongOwed = false; transmit(PONG, 0)
      :: else ->
        if
        :: me.rekeyWanted && !isSettled && !me.awaitsPong ->
          if :: me.pingDue = true; me.awaitsPong = true :: skip /* not that soon */ fi
        :: else
        fi;
        if
        :: me.pingDue -> me.pingDue = false; transmit(PING, 0)
        :: !me.pingDue && me.rekeyDue && isSettled && !holdsPart ->
          me.rekeyWanted = false;
          me.rekeyDue = false;
          salt = 2 * me.rekeys + 1 + e;
          me.rekeys++;
          derive(me.tx, me.rx, salt);
          me.preparedTx = 2 * salt;
          me.nextRx = 2 * salt + 1;
          me.state = initiated;
          transmit(REKEY, salt);
          salt = 0
#ifdef BROKEN_FORGETS_OLD_KEY
          ; me.rx = me.nextRx; me.seen = 0
#endif
        :: else
        fi
      fi
    :: else
    fi;
    if
    :: me.inFlight == NONE && hasFragment -> sealFragment(); launch()
    :: else
    fi
  fi
}

/* DatagramKeys.acknowledged */
inline acknowledged() {
  if
  :: me.state == initiated -> sealUnder(me.preparedTx); me.preparedTx = 0; me.state = switched
  :: else
  fi
}

inline dropParts() { me.parts = 0; me.partsOf = 0; me.partsEnd = NONE }

/* DatagramReassembly.startOver; `last` is the REKEY's number, or NONE. */
inline startOver(last) {
  me.restFollows = (last != NONE && goesOn(last));
  dropParts();
  me.open = 0
}

/* DatagramReassembly.interrupt */
inline interrupt(number) {
  if
  :: goesOn(number) -> me.open = me.open | bit(number); dropParts()
  :: else
  fi
}

/* Parts that are joined must be all of one message, and its next one. */
inline deliver(message) {
  assert(me.parts + 1 == framesOf(message) && (me.parts == 0 || me.partsOf == message));
  assert(message == me.delivered);
  me.delivered++
}

/* DatagramReassembly.#placeOf */
#define isNext(number) (!me.restFollows && (me.parts == 0 -> !goesOn(number) : number == me.partsEnd + 1))
#define isLate(number) (!me.restFollows && me.parts > 0 && number < me.partsEnd + 1)

inline addFragment(number, message) {
  if
  :: isLate(number) -> me.open = me.open | bit(number)
  :: isNext(number) -> me.open = me.open | bit(number); me.parts++; me.partsOf = message; me.partsEnd = number
  :: else -> me.open = me.open | bit(number); dropParts()
  fi
}

inline finish(number, message) {
  if
  :: isLate(number) && !goesOn(number) -> assert(framesOf(message) == 1 && message == me.delivered); me.delivered++
  :: isLate(number) && goesOn(number) -> skip
  :: isNext(number) -> deliver(message); dropParts()
  :: else -> me.restFollows = false; dropParts()
  fi
}

/* The frame i of the peer, to this end. */
#define typeOf(i) frame[peerOf(e)].type[i]
#define keyOf(i) frame[peerOf(e)].key[i]
#define seqOf(i) frame[peerOf(e)].seq[i]
#define whatOf(i) frame[peerOf(e)].what[i]
#define ackedOf(i) frame[peerOf(e)].acked[i]

#define opensNow(i) (keyOf(i) == me.rx)
#define opensNext(i) ((me.state == initiated || me.state == switched) && keyOf(i) == me.nextRx && !opensNow(i))
#ifdef BROKEN_NO_WINDOW
#define wasSeen(i) false
#else
#define wasSeen(i) (opensNow(i) && (me.seen & bit(seqOf(i))))
#endif
#ifdef BROKEN_KEEPS_OLD_KEY
#define opensRetired(i) (me.old > 0 && keyOf(i) == me.old - 1)
#else
#define opensRetired(i) false
#endif
/* DatagramKeys.ignores */
#ifdef BROKEN_BOTH_YIELD
#define ignoresNow (me.state == switched)
#else
#ifdef BROKEN_LATE_COPY
#define ignoresNow (me.state == initiated && e == DEVICE)
#else
#define ignoresNow (me.state == switched || (me.state == initiated && e == DEVICE))
#endif
#endif
#define isIgnored(i) (typeOf(i) == REKEY && opensNow(i) && ignoresNow)
/* DatagramKeys.utackAgain */
#ifdef BROKEN_NO_SECOND_UTACK
#define isAckedAgain(i) false
#else
#define isAckedAgain(i) (me.state == responded && i == me.rekeyFrame && !opensNow(i))
#endif
#ifdef BROKEN_ACKS_CROSSED
#define isAckedAlone(i) (isIgnored(i) && !wasSeen(i) && !ackedOf(i))
#else
#define isAckedAlone(i) false
#endif

/* Whether its delivery changes anything. */
#define matters(i) (i < sentCount[peerOf(e)] && \
  (((opensNow(i) || opensNext(i) || opensRetired(i)) && !wasSeen(i) && !isIgnored(i)) || \
   (wasSeen(i) && !ackedOf(i)) || (isAckedAgain(i) && !ackedOf(i)) || isAckedAlone(i)))

/* DatagramSession.receive, #receiveNew, #take, #takeRekey; DatagramKeys.take, respond. */
inline receive(i) {
  if
  :: wasSeen(i) || isAckedAgain(i) || isAckedAlone(i) -> ackedOf(i) = true
  :: else ->
    /* Each frame once, in the order of sealing: so nothing comes under a key that was retired before. */
    assert(i >= me.accepted);
    me.accepted = i + 1;
    ackedOf(i) = true;
    own = opensNext(i);
    awaited = me.state == initiated;
    assert(!(own && holdsPart)); /* FRAGMENT: an honest peer changes keys between messages only */
    if
    :: own -> /* the first frame under our new key */
      acknowledged();
#ifdef BROKEN_KEEPS_OLD_KEY
      me.old = me.rx + 1;
#endif
      me.rx = me.nextRx;
      me.seen = bit(seqOf(i));
      me.state = settled
    :: !own && me.state == responded -> me.seen = me.seen | bit(seqOf(i)); me.state = settled; me.rekeyFrame = NONE
    :: else -> me.seen = me.seen | bit(seqOf(i))
    fi;
    if
    :: typeOf(i) == REKEY ->
      salt = whatOf(i);
      if
      :: awaitsSwitch -> derive(me.rx, me.nextTx, salt)
      :: else -> derive(me.rx, me.tx, salt)
      fi;
      me.nextTx = 2 * salt + 1;
      me.rx = 2 * salt;
      me.seen = 0;
      me.state = responded;
      me.rekeyFrame = i;
      salt = 0;
      startOver(seqOf(i));
      if :: awaited -> me.inFlight = NONE; me.preparedTx = 0 :: else fi;
#ifdef BROKEN_SWITCHES_WITHIN
      switchSending()
#endif
    :: else ->
      if
      :: own -> startOver(NONE); if :: awaited -> me.inFlight = NONE :: else fi
      :: else
      fi;
      if
      :: typeOf(i) == DATA_FRAG -> addFragment(seqOf(i), whatOf(i))
      :: typeOf(i) == DATA -> finish(seqOf(i), whatOf(i))
      :: typeOf(i) == PING -> interrupt(seqOf(i)); me.pongOwed = true
      :: typeOf(i) == PONG -> interrupt(seqOf(i)); me.awaitsPong = false
      fi
    fi;
    if :: me.state == settled || me.state == responded -> me.nextRx = 0 :: else fi;
    own = false;
    awaited = false;
    advance()
  fi
}

/* A UTACK of the frame in flight, made with the key that it was sealed with; any other one is ignored. */
#define utackArrives (me.inFlight != NONE && frame[e].acked[me.inFlight])

#define messageIsNext \
  (isWithinMessage || !(me.pongOwed || me.pingDue || me.rekeyWanted || me.state == initiated || awaitsSwitch))

#define anyMatters \
  (matters(0) || matters(1) || matters(2) || matters(3) || matters(4) || matters(5) || matters(6) || matters(7) || \
   matters(8) || matters(9) || matters(10) || matters(11))

proctype Peer(byte e) {
  bool own, awaited, wasRekey;
  byte salt, i;
end:
  do
  :: atomic { me.pushed < MESSAGES -> me.pushed++; advance() }
  :: atomic { me.wishes < WISHES && !me.rekeyWanted -> me.wishes++; me.rekeyWanted = true; advance() }
  /* The deadline from which on a REKEY, or a PING for it, may be sent. */
  :: atomic { me.rekeyWanted && !me.rekeyDue -> me.rekeyDue = true; advance() }
  :: atomic { me.rekeyWanted && !isSettled && !me.awaitsPong && me.inFlight == NONE && !isWithinMessage -> advance() }
  :: atomic { me.rekeyDue && isSettled && !holdsPart && me.inFlight == NONE && me.ready == NONE && !isWithinMessage -> advance() }
  /* DatagramSession.prepare: the next frame of a message is sealed ahead. */
  :: atomic { me.ready == NONE && me.inFlight != NONE && messageIsNext && hasFragment ->
      me.ready = sealedCount[e]; sealFragment() }
  :: atomic { utackArrives ->
      wasRekey = frame[e].type[me.inFlight] == REKEY;
      me.inFlight = NONE;
      if :: wasRekey -> acknowledged() :: else fi;
      wasRekey = false;
      advance() }
  :: atomic { utackArrives && losses > 0 -> losses--; frame[e].acked[me.inFlight] = false }
  :: atomic { anyMatters ->
      if
      :: matters(0) -> i = 0 :: matters(1) -> i = 1 :: matters(2) -> i = 2 :: matters(3) -> i = 3
      :: matters(4) -> i = 4 :: matters(5) -> i = 5 :: matters(6) -> i = 6 :: matters(7) -> i = 7
      :: matters(8) -> i = 8 :: matters(9) -> i = 9 :: matters(10) -> i = 10 :: matters(11) -> i = 11
      fi;
      receive(i);
      i = 0 }
  od
}

#define isIdle(e) (end_[e].inFlight == NONE && end_[e].ready == NONE && end_[e].nextTx == NONE && end_[e].begun == 0)
#define isDone(e) \
  (isIdle(e) && !end_[e].rekeyWanted && !end_[e].pongOwed && !end_[e].pingDue && !end_[e].awaitsPong && \
   end_[e].parts == 0 && end_[e].wishes == WISHES && end_[e].taken == MESSAGES && end_[e].delivered == MESSAGES)
#define lastRx(e) (end_[e].state == switched -> end_[e].nextRx : end_[e].rx)

init {
  atomic {
    end_[DEVICE].tx = 0; end_[DEVICE].rx = 1;
    end_[GATEWAY].tx = 1; end_[GATEWAY].rx = 0;
    end_[0].state = settled; end_[0].nextTx = NONE; end_[0].rekeyFrame = NONE; end_[0].inFlight = NONE;
    end_[0].ready = NONE; end_[0].partsEnd = NONE;
    end_[1].state = settled; end_[1].nextTx = NONE; end_[1].rekeyFrame = NONE; end_[1].inFlight = NONE;
    end_[1].ready = NONE; end_[1].partsEnd = NONE;
    derived[0] = true;
    run Peer(DEVICE); run Peer(GATEWAY)
  }
  /* Where nothing more can happen all is done, every message has arrived, and both ends have the same keys. */
  timeout ->
  assert(isDone(DEVICE) && isDone(GATEWAY));
  assert(end_[DEVICE].state != initiated && end_[GATEWAY].state != initiated);
  assert(end_[DEVICE].tx == lastRx(GATEWAY) && end_[GATEWAY].tx == lastRx(DEVICE))
}
