/*
 * Route leases, the zero-row rule, provision, the barrier, grace and disarming, with time.
 *
 * One position with two table rows moves from S to T while one client sends one keyed statement. The client may stop for any time
 * between any two of its steps (paused), and the store may not answer it for any time (cut off). A second process refreshes in the
 * background. The mover's work is one step each (chunk.pml has the details); the coordinator waits where the protocol says so.
 *
 * Time is a clock that ticks whenever it likes and lowers every counter. The server ends a session that was idle for IDLE ticks.
 */
#include "common.pml"

#define HAND_CHECK 1          /* fails WRONG_SHARD : the lease is checked before a connection is waited for, not with it in hand */
#define IDLE_TIMEOUT 2        /* fails WRONG_SHARD : idle sessions are not ended */
#define DISARM_WAIT 3         /* fails WRONG_SHARD ; GRACE holds : disarming waits for the route lease alone (with GRACE: not at all) */
#define LEASE_FROM_START 4    /* fails WRONG_SHARD : the lease runs from the answer of a refresh, not from its start */
#define CUT_OFF_READ 5        /* fails WRONG_SHARD : a client past its lease that the store does not answer sends what it has */
#define SHARE_MODE 6          /* holds : such a client reads ownership without a lock; arming, the idle timeout and the second look after the answer suffice */
#define ZERO_ROW_RULE 7       /* fails BELIEVED_ZERO ; GRACE holds : "0 rows" is believed at once */
#define PLAN_AT_ANSWER 8      /* fails BELIEVED_ZERO ; GRACE holds : whether there is a plan is judged by the topology that routed the statement, not by the newest known when the answer comes */
#define SAME_VERSION 9        /* fails BELIEVED_ZERO ; GRACE holds : that is judged by the newest topology alone, also when an older one routed the statement */
#define LEASE_AT_SENDING 16   /* fails WRONG_SHARD : the rule asks for the caller's knowledge of the plan alone; a statement may be sent past the lease */
#define BARRIER 10            /* fails BELIEVED_ZERO ; GRACE holds : rows move before every client knows of the plan */
#define BEAT_FIRST 11         /* fails BELIEVED_ZERO ; GRACE holds : a refresh reads the topology, and only then says that this client is alive */
#define BEAT_EVERY_TIME 12    /* fails BELIEVED_ZERO ; GRACE holds : a refresh gives a lease although its heartbeat was not stored */
#define SILENCE 13            /* fails BELIEVED_ZERO ; GRACE holds : a client counts as gone when it was silent for the route lease alone */
#define LOOK_AGAIN 14         /* fails BELIEVED_ZERO ; GRACE holds : "this shard has no ownership table" is remembered from before the statement */
#define GRACE_WAIT 15         /* only GRACE ; GRACE fails BACK_IN_TIME : cleanup begins at once after the commit, in batches */
#define ROUTE_ANEW 17         /* fails WRONG_SHARD : the lease is checked, but the statement keeps the route of an older topology, as one in a transaction may */
#define RULE_ALWAYS 18        /* only GUARD_ALWAYS ; GUARD_ALWAYS fails BELIEVED_ZERO : where no session is ended, "no plan is known" excuses from the rule as elsewhere */
#define RULE_AND_BARRIER 19   /* only GRACE ; GRACE holds : neither the zero-row rule nor the barrier */
#define HEARTBEATS 20         /* holds : no heartbeat is ever stored; the barrier always waits for route lease + idle timeout after the plan's swap */

#ifndef LEASE
#define LEASE 2
#endif
#ifndef IDLE
#define IDLE 2
#endif
#define WAIT (LEASE + IDLE)
#ifdef GRACE
#define SHORT_WAIT 0
#else
#define SHORT_WAIT LEASE
#endif
/*
 * GRACE: cleanup waits for WAIT ticks after the commit, and deletes in batches; otherwise at once, whole positions.
 * GUARD_ALWAYS: SQLite. No server ends a session, so the triggers stay from provision on, and the rule asks for no plan.
 */
#ifdef GUARD_ALWAYS
#define ends_sessions false
#define rule_always (!without(RULE_ALWAYS))
#else
#define ends_sessions (!without(IDLE_TIMEOUT))
#define rule_always false
#endif

#define S 0
#define T 1

/* The topology: 0 nothing planned, 1 plan, 2 moved (committed), 3 final. */
byte topology;
#define moved(version) ((version) >= 2)
#define planned(version) ((version) == 1 || (version) == 2)
/* What the store knows of the client. */
bool registered; byte acknowledged; byte since_beat;

/* The shards. */
bool provisioned; bool armed; bool frozen; bool lowered; bool share;
byte rows[2]; bool written[2]; bool truth;
#define may_write(shard) (((shard) == S && !frozen && !lowered) || ((shard) == T && lowered))
#define is_owner(shard) (((shard) == T) == moved(topology))

/* The client: what it knows, its lease, a refresh under way, its session. */
byte known; byte lease_left; bool open; byte idle_left; byte wait;
byte pending; byte pending_left; bool refreshing;
bool client_over;

#define down(counter) if :: counter > 0 -> counter-- :: else fi

proctype Clock() {
end:
  do
  :: atomic {
    !client_over ->
      down(lease_left); down(pending_left); down(wait);
      if :: since_beat < WAIT -> since_beat++ :: else fi;
      if :: open && ends_sessions -> idle_left--; if :: idle_left == 0 -> open = false; share = false :: else fi :: else fi }
  od
}

/* Refreshes in the background whenever it likes: start, heartbeat, read, answer. The heartbeat carries the version that is known. */
proctype Refresher() {
end:
  do
  :: atomic { !client_over -> refreshing = true; pending_left = LEASE };
    if
    :: !without(BEAT_FIRST) && !without(HEARTBEATS) -> atomic {
        if :: !without(BEAT_EVERY_TIME) || !registered -> registered = true; acknowledged = known; since_beat = 0 :: else fi }
    :: else
    fi;
    atomic { pending = topology };
    atomic {
      refreshing = false; known = pending;
      lease_left = (without(LEASE_FROM_START) -> LEASE : pending_left);
      pending = 0; pending_left = 0
    };
    if :: without(BEAT_FIRST) -> atomic { registered = true; acknowledged = known; since_beat = 0 } :: true fi
  od
}

mtype = { PUT, UPDATE, READ };

#define knows_no_plan (!rule_always && (without(PLAN_AT_ANSWER) || !planned(known)) && (without(SAME_VERSION) || !planned(routed)) && (without(PLAN_AT_ANSWER) || without(SAME_VERSION) || routed == known))

proctype Client() {
  byte shard, routed, seen; mtype operation; bool cut_off, no_table;
  if :: operation = PUT :: operation = UPDATE :: operation = READ fi;
route:
  atomic { shard = (moved(known) -> T : S); routed = known; cut_off = false; no_table = false };
  if
  :: without(HAND_CHECK) -> lease_left > 0
  :: else
  fi;
  /* A connection from the pool, or a new one; either takes any time. */
  atomic { if :: !open -> open = true; idle_left = IDLE :: else fi };
  if
  :: without(HAND_CHECK) || without(LEASE_AT_SENDING)
  :: else -> atomic {
      if
      :: lease_left > 0 -> if :: !without(ROUTE_ANEW) -> shard = (moved(known) -> T : S); routed = known :: else fi      /* routes anew, with the connection in hand */
      :: lease_left == 0 ->                                                     /* refresh first (wait for the refresher), or the store is silent */
        if
        :: lease_left > 0 -> goto route
        :: true -> shard = (moved(known) -> T : S); routed = known; cut_off = true
        fi
      fi }
  fi;
  if
  :: cut_off && !without(CUT_OFF_READ) -> atomic {
      /* The ownership row of this shard, in share mode, in the statement's own transaction; a session that ended gives an error. */
      if
      :: !open -> goto over
      :: open && !provisioned -> idle_left = IDLE; no_table = true      /* no plan has ever been here */
      :: open && provisioned ->
        idle_left = IDLE;
        if :: may_write(shard) -> share = !without(SHARE_MODE) :: else -> goto over fi
      fi }
  :: else
  fi;
  /* The statement arrives. */
  atomic {
    if
    :: !open -> goto route
    :: else -> idle_left = IDLE
    fi;
    if
    :: operation == READ -> seen = rows[shard]
    :: operation != READ && (operation == PUT || rows[shard] > 0) ->
      if
      :: armed && !may_write(shard) -> share = false; goto refused
      :: else -> must(is_owner(shard), WRONG_SHARD); rows[shard] = 2; written[shard] = true; truth = true; share = false; goto over
      fi
    :: else -> seen = 0
    fi
  };
  /* The answer is judged: at the time when it comes, in the same transaction. */
  atomic {
    if
    :: seen == 2 -> share = false; goto over
    :: seen == 1 -> must(false, BACK_IN_TIME)
    :: seen == 0 ->
      if
      :: without(ZERO_ROW_RULE) || without(RULE_AND_BARRIER) || (!cut_off && knows_no_plan) -> must(false, BELIEVED_ZERO)
      :: open && provisioned && may_write(shard) -> must(false, BELIEVED_ZERO)
      :: open && cut_off && (!provisioned || (no_table && without(LOOK_AGAIN))) -> must(false, BELIEVED_ZERO)
      :: else -> share = false; goto refused
      fi
    fi
  };
refused:
  atomic { seen = 0; if :: cut_off -> goto over :: else fi };
  (known != routed || may_write(shard));
  goto route;
over:
  atomic { share = false; operation = 0; shard = 0; routed = 0; seen = 0; client_over = true; cut_off = false; no_table = false }
}

proctype Coordinator() {
  atomic {
    provisioned = true;
#ifdef GUARD_ALWAYS
    armed = true
#endif
  };
  atomic { topology = 1; wait = WAIT };
  armed = true;
  /* Barrier: every client that the store has heard of knows of the plan, or has been silent too long to hold a lease or a session. */
  if :: without(HEARTBEATS) -> (wait == 0 || client_over) :: else fi;
  (without(BARRIER) || without(RULE_AND_BARRIER) || client_over || !registered || acknowledged >= 1 || since_beat >= (without(SILENCE) -> LEASE : WAIT));
  atomic { !share -> frozen = true };
  atomic { rows[T] = rows[S]; written[T] = written[S] };
  atomic { must(written[T] == truth && rows[T] == 2, WRONG_COMMIT); topology = 2; wait = WAIT };
  atomic { !share -> lowered = true };
#ifdef GRACE
  if :: without(GRACE_WAIT) :: else -> (wait == 0 || client_over) fi;
  rows[S] = 1;      /* batches do not care where a position ends */
#endif
  rows[S] = 0;
  atomic { topology = 3; wait = (without(DISARM_WAIT) -> SHORT_WAIT : WAIT) };
  (wait == 0 || client_over);
#ifndef GUARD_ALWAYS
  armed = false;
#endif
  client_over;
  must(rows[T] == 2 && written[T] == truth, LOST_WRITE);
  must(rows[S] == 0, LEFTOVER)
}

init {
  atomic {
    READ_WITHOUT;
    rows[S] = 2;
    run Clock(); run Refresher(); run Client(); run Coordinator()
  }
}
