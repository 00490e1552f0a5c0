/*
 * The rotation of keys over a reliable stream (§7), with its crossings.
 *
 * Follows lib/core/stream/stream-keys.ts (StreamKeys) and the part of lib/core/stream/stream-session.ts that drives it. State names are those of
 * the code. Both ends may send, wish for a rotation, and read, each at any time; the stream delivers in order.
 *
 * Bound: MESSAGES messages and WISHES wishes for a rotation at each end, so up to 2 * WISHES rotations. Nothing bounds
 * how they interleave, or how many frames are under way.
 *
 * A key is a number: 2 * salt for what the initiator sends with, and 2 * salt + 1 for what it receives with; that both
 * ends derive it from the same two keys is checked where it is derived.
 *
 * With -DATTACKER somebody on the way may, ATTACKER times, take out a frame, or put in a copy of any frame of either
 * direction. Then a session may end, but must not take what it should not.
 *
 * Left out: time (the least time between two REKEYs or PINGs: each may be later), keepalive, BYE, the limits of control
 * frames and of sequence numbers, congestion, damage and forgeries (the cipher is taken to be perfect), public peers.
 *
 * The BROKEN_* and SHOW_* switches must lead to an error; scripts/model.mjs sees to it.
 */
#ifndef MESSAGES
#define MESSAGES 2
#endif
#ifndef WISHES
#define WISHES 2
#endif
#define FRAMES 12 /* of one direction; an assertion says that there is always room */
#define SALTS (2 * WISHES + 1)

#define DEVICE 0
#define GATEWAY 1
#define peerOf(e) (1 - e)

/* Messages of two frames and of one, in turn. */
#define framesOf(message) (message % 2 == 0 -> 2 : 1)

mtype = { DATA_FRAG, DATA, PING, PONG, REKEY };
mtype = { settled, responded, initiated };

/* What is under way from each end: type, key, seq, and a message's number or a salt. */
chan wire[2] = [FRAMES] of { mtype, byte, byte, byte };
#ifdef ATTACKER
/* What each end ever sent, in order, and how many of those left the wire again. */
typedef Sent { mtype type[FRAMES]; byte key[FRAMES]; byte seq[FRAMES]; byte what[FRAMES] }
Sent sent[2];
byte sentCount[2], readCount[2];
#endif

typedef End {
  mtype state;
  byte tx, txSeq, rx, rxSeq;
  byte originTx, originRx, next, nextSeq; /* initiated */
  bool crossed;
  bool rekeyWanted, awaitsPong, pongOwed;
  byte wishes, rekeys, pushed;
  byte parts, partsOf; /* the message that it holds a part of */
  byte delivered; /* messages of the peer */
#ifdef ATTACKER
  byte accepted; /* frames of the peer, up to the last one that it took */
#endif
  bool closed
#ifdef BROKEN_KEEPS_OLD_KEY
  ; byte old, oldSeq
#endif
#ifdef BROKEN_SENDER_YIELDS
  ; byte begun
#endif
}
End end_[2];

/* How each salt's keys were derived. */
bool derived[SALTS];
byte ikmTx[SALTS], ikmRx[SALTS];
bool dropped[SALTS]; /* by the device: its own won */

#ifdef ATTACKER
byte attacks = ATTACKER;
#define mayEnd (attacks < ATTACKER)
#define lastRead(from) (readCount[from] - 1)
#else
#define mayEnd false
#define lastRead(from) 0
#endif

#define me end_[e]
#define holdsPart (me.parts > 0)

/* deriveRekeyed: both ends must know the salt together with the same keys. */
inline derive(itx, irx, salt) {
  assert(!derived[salt] || (ikmTx[salt] == itx && ikmRx[salt] == irx));
  derived[salt] = true;
  ikmTx[salt] = itx;
  ikmRx[salt] = irx
}

inline seal(kind, content) {
  assert(nfull(wire[e])); /* else a full channel would be waited for */
  wire[e]!kind(me.tx, me.txSeq, content);
#ifdef ATTACKER
  assert(sentCount[e] < FRAMES);
  sent[e].type[sentCount[e]] = kind;
  sent[e].key[sentCount[e]] = me.tx;
  sent[e].seq[sentCount[e]] = me.txSeq;
  sent[e].what[sentCount[e]] = content;
  sentCount[e]++;
#endif
  me.txSeq++
}

inline close() {
  assert(mayEnd); /* between honest ends on a reliable stream nothing ends a session */
  me.closed = true
}

/* Sends a REKEY, and switches to its keys (StreamSession.#advanceRekey, StreamKeys.initiate). */
inline initiate(salt) {
  seal(REKEY, salt);
  me.originTx = me.tx;
  me.originRx = me.rx;
  derive(me.tx, me.rx, salt);
  me.tx = 2 * salt;
  me.txSeq = 0;
  me.next = 2 * salt + 1;
  me.nextSeq = 0;
  me.crossed = false;
  me.state = initiated;
  me.rekeys++;
  me.rekeyWanted = false
}

inline takeAllKeys(salt) {
  me.rx = 2 * salt;
  me.rxSeq = 0;
  me.tx = 2 * salt + 1;
  me.txSeq = 0;
  me.state = responded;
  me.originTx = 0; me.originRx = 0; me.next = 0; me.nextSeq = 0; me.crossed = false
}

inline respond(salt) {
  if
  :: me.state != initiated ->
    derive(me.rx, me.tx, salt);
    takeAllKeys(salt)
  :: me.state == initiated && me.crossed -> close()
  :: me.state == initiated && !me.crossed &&
#ifdef BROKEN_BOTH_YIELD
     true ->
#else
     e == GATEWAY -> /* drops its own, which the device reads and drops, too */
#endif
#ifdef BROKEN_FORGETS_ORIGIN
    derive(me.next, me.tx, salt);
#else
    derive(me.originRx, me.originTx, salt);
#endif
    takeAllKeys(salt)
  :: else -> /* its own wins: the other one's is for reading alone */
    dropped[salt] = true;
#ifndef BROKEN_NO_LOSING_KEY
    derive(me.originRx, me.originTx, salt);
    me.rx = 2 * salt;
    me.rxSeq = 0;
#endif
    me.crossed = true
  fi
}

#ifdef BROKEN_FORGETS_OLD_KEY
#define opensUnderOldKey (me.state != initiated)
#else
#define opensUnderOldKey true
#endif

/* Takes a frame, as Session.receive does; an attacker's is number `i` of end `from`. */
inline receive(from, i) {
  opened = false;
  first = false;
  if
  :: key == me.rx && seq == me.rxSeq && opensUnderOldKey ->
    me.rxSeq++;
    opened = true;
    first = me.state == responded;
    if :: first -> me.state = settled :: else fi
  :: me.state == initiated && key == me.next && seq == me.nextSeq ->
#ifdef BROKEN_KEEPS_OLD_KEY
    me.old = me.rx;
    me.oldSeq = me.rxSeq;
#endif
    me.rx = me.next;
    me.rxSeq = me.nextSeq + 1;
    me.state = settled;
    me.originTx = 0; me.originRx = 0; me.next = 0; me.nextSeq = 0; me.crossed = false;
    opened = true;
    first = true
#ifdef BROKEN_KEEPS_OLD_KEY
  :: key == me.old && seq == me.oldSeq && me.old != me.rx && me.state == settled ->
    me.oldSeq++;
    opened = true
#endif
  :: else -> close()
  fi;
  if
  :: opened ->
#ifdef ATTACKER
    /* Only what the peer sealed, each frame once, in order; a retired key's frames never come back. */
    assert(from == peerOf(e) && i >= me.accepted);
#ifdef SHOW_REMOVAL
    assert(i == me.accepted);
#else
    /* Where an attacker took out the last frames under an old key, nobody can tell: REKEY does not say how many they were. */
    assert(i == me.accepted || (mayEnd && first));
#endif
    me.accepted = i + 1;
#endif
    if
    :: holdsPart && (first || (type != DATA && type != DATA_FRAG)) -> close() /* FRAGMENT */
    :: else ->
      if
      :: type == DATA_FRAG ->
        me.parts++;
        me.partsOf = what
      :: type == DATA ->
        /* Whole, not torn, not twice, and none left out. */
        assert(me.parts + 1 == framesOf(what) && (me.parts == 0 || me.partsOf == what));
        assert(what == me.delivered || (mayEnd && what > me.delivered));
        me.delivered = what + 1;
        me.parts = 0;
        me.partsOf = 0
      :: type == PING -> me.pongOwed = true
      :: type == PONG -> me.awaitsPong = false
      :: type == REKEY -> respond(what)
      fi
    fi
  :: else
  fi;
  opened = false; first = false;
  type = 0; key = 0; seq = 0; what = 0
}

#ifdef BROKEN_UNSETTLED
#define maySendRekey true
#else
#define maySendRekey (me.state == settled)
#endif

proctype Peer(byte e) {
  bool opened, first;
  mtype type;
  byte key, seq, what, salt;
#ifdef ATTACKER
  byte source, copy;
#endif
end:
  do
#ifdef BROKEN_SENDER_YIELDS
  /* Frame by frame, so that the keys may change within a message. */
  :: atomic { !me.closed && me.pushed < MESSAGES && me.begun + 1 < framesOf(me.pushed) ->
      me.begun++; seal(DATA_FRAG, me.pushed) }
  :: atomic { !me.closed && me.pushed < MESSAGES && me.begun + 1 == framesOf(me.pushed) ->
      me.begun = 0; seal(DATA, me.pushed); me.pushed++ }
#else
  :: atomic { !me.closed && me.pushed < MESSAGES ->
      if :: framesOf(me.pushed) == 2 -> seal(DATA_FRAG, me.pushed) :: else fi;
      seal(DATA, me.pushed);
      me.pushed++ }
#endif
  :: atomic { !me.closed && me.wishes < WISHES && !me.rekeyWanted -> me.wishes++; me.rekeyWanted = true }
  :: atomic { !me.closed && me.rekeyWanted && !holdsPart && maySendRekey ->
      salt = 2 * me.rekeys + 1 + e; initiate(salt); salt = 0 }
  :: atomic { !me.closed && me.rekeyWanted && !holdsPart && me.state != settled && !me.awaitsPong ->
      me.awaitsPong = true; seal(PING, 0) } /* for a frame under the new key */
  :: atomic { !me.closed && me.pongOwed -> me.pongOwed = false; seal(PONG, 0) }
  :: atomic { !me.closed && nempty(wire[peerOf(e)]) ->
      wire[peerOf(e)]?type(key, seq, what);
#ifdef ATTACKER
      readCount[peerOf(e)]++;
#endif
      receive(peerOf(e), lastRead(peerOf(e))) }
#ifdef ATTACKER
  :: atomic { !me.closed && attacks > 0 && nempty(wire[peerOf(e)]) -> /* a frame is taken out */
      attacks--;
      wire[peerOf(e)]?type(key, seq, what);
      readCount[peerOf(e)]++;
      type = 0; key = 0; seq = 0; what = 0 }
  :: atomic { !me.closed && attacks > 0 && sentCount[0] + sentCount[1] > 0 -> /* a copy is put in */
      attacks--;
      do
      :: copy + 1 < sentCount[source] -> copy++
      :: source == 0 && sentCount[1] > 0 -> source = 1; copy = 0
      :: copy < sentCount[source] -> break
      od;
      type = sent[source].type[copy]; key = sent[source].key[copy];
      seq = sent[source].seq[copy]; what = sent[source].what[copy];
      receive(source, copy);
      source = 0; copy = 0 }
#endif
  od
}

#define lastRx(e) (end_[e].state == initiated -> end_[e].next : end_[e].rx)
#define isDone(e) \
  (!end_[e].rekeyWanted && !end_[e].pongOwed && !end_[e].awaitsPong && !holdsPartOf(e) && end_[e].pushed == MESSAGES && \
   end_[e].wishes == WISHES && end_[e].delivered == MESSAGES && empty(wire[e]))
#define holdsPartOf(e) (end_[e].parts > 0)

init {
  atomic {
    end_[DEVICE].tx = 0; end_[DEVICE].rx = 1;
    end_[GATEWAY].tx = 1; end_[GATEWAY].rx = 0;
    end_[DEVICE].state = settled; end_[GATEWAY].state = settled;
    derived[0] = true;
    run Peer(DEVICE); run Peer(GATEWAY)
  }
#ifndef ATTACKER
  /* Where nothing more can happen all is done, every message has arrived, and both ends have the same keys. */
  timeout ->
  assert(isDone(DEVICE) && isDone(GATEWAY));
  assert(end_[DEVICE].tx == lastRx(GATEWAY) && end_[GATEWAY].tx == lastRx(DEVICE));
  /* The client's wins: the keys of a REKEY that it dropped are nobody's. */
  assert(!dropped[end_[DEVICE].tx / 2] && !dropped[end_[GATEWAY].tx / 2])
#endif
}
