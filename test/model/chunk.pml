/*
 * Frozen chunks: fence, copy, verification, commit, lowering, cleanup, takeover.
 *
 * One row of the plan, [0, 2), moves from shard S to shard T in one or two chunks, from the top down. One or two clients write and read
 * either position; two movers take the lease from each other at any step, so a crash is "the other one takes over, this one is not
 * heard of again" and a zombie is "the other one takes over, this one goes on". The store applies a swap whenever it likes, also after
 * its sender gave up.
 *
 * Atomic here is what one database does under its own locks, and one request that the topology store applies.
 */
#include "common.pml"

#define SHARE_LOCK 1          /* fails LOST_WRITE WRONG_SHARD WRONG_COMMIT UNVERIFIED : the guard reads the marks without a lock */
#define LOCKING_READS 2       /* fails WRONG_COMMIT : copy and verification do not wait for row locks; a prepared write is overlooked */
#define ZERO_ROW_RULE 3       /* fails BELIEVED_ZERO : "0 rows" is believed at once */
#define TOKENS 4              /* fails LOST_WRITE UNVERIFIED WRONG_DELETE WRONG_COMMIT TWO_OWNERS UNPROTECTED : steps of a mover do not compare their token */
#define NEW_LEASE 5           /* fails LOST_WRITE UNVERIFIED WRONG_DELETE WRONG_COMMIT UNPROTECTED : after an unknown swap the mover reads and decides, under its old lease */
#define LEASE_IN_DOCUMENT 6   /* fails WRONG_COMMIT UNVERIFIED LOST_WRITE UNPROTECTED TWO_OWNERS : a lease does not raise the version, so it kills no swap under way */
#define OWN_VERSION 7         /* fails WRONG_COMMIT LOST_WRITE UNPROTECTED TWO_OWNERS : the next swap is made against the newest version, whoever made it */
#define FREEZE 8              /* fails LOST_WRITE UNVERIFIED WRONG_COMMIT : copy without freezing */
#define OLD_AND_NEW 9         /* fails WRONG_SHARD LOST_WRITE WRONG_COMMIT UNVERIFIED UNPROTECTED : an update may change the position; the guard looks at NEW alone */
#define LOWER_FIRST 10        /* fails UNPROTECTED TWO_OWNERS : a new mover sets back to the shard's own watermark, not the topology's */
#define ONLY_LOWER 11         /* fails TWO_OWNERS UNPROTECTED WRONG_COMMIT : a client brings the shard's watermark to the one that it read, also upwards */
#define CLEAR_ARRIVALS 12     /* fails UNVERIFIED : rows that an earlier mover copied are not cleared */
#define VERIFY 13             /* holds : verification is the second line; nothing else depends on it */
#define LEAST_FRONTIER 14     /* holds : lowering sets the frontier to the watermark though it may be lower; it never is where the watermark is behind */
#define NEW_OWNER_FIRST 15    /* holds : the source is lowered before the target; a matter of availability alone */

#ifndef CLIENTS
#define CLIENTS 1
#endif
#ifndef LEASES
#define LEASES 2
#endif

/* ONE_CHUNK: both positions in one chunk, clients at position 1 alone; for two clients, whose states are too many otherwise. */
#ifdef ONE_CHUNK
#define choose_bound bound = 0
#else
#define choose_bound if :: bound = base - 1 :: base == 2 -> bound = 0 fi
#endif

#define UPTO 2
#define S 0
#define T 1
#define at(shard, position) ((shard) * 2 + (position))

/* The topology: one document with one version. */
byte version; byte top_watermark = UPTO; byte top_token; bool finished;
/* Swaps on their way to the store. */
bool asked[2]; byte ask_version[2]; byte ask_watermark[2]; byte answer[2];
#define STORED 1
#define CONFLICT 2

/* The row of the plan in _shard_ownership of each shard. */
byte watermark[2] = UPTO; byte frontier[2] = UPTO; byte token[2];

/* One table row per position: 0 absent, else its value. `truth` is what was acknowledged last. */
byte table[4]; byte truth[2];

/* Locks of client transactions: on a table row (client + 1), in share mode on the ownership row (client * 2 + shard). */
byte row_lock[4]; bool share[4];

/* What each client knows, its last write, and whether somebody wrote the same position since. */
byte known[2]; byte last_position[2]; byte last_value[2]; bool overwritten[2];

#define nobody_shares(shard) (!share[shard] && !share[2 + (shard)])
#define may_write(shard, position) (((shard) == S && (position) < frontier[S]) || ((shard) == T && (position) >= watermark[T]))
#define is_owner(shard, position) (((shard) == T) == ((position) >= top_watermark))
#define route(position) (position >= known[me] -> T : S)
#define one_owner must(!(may_write(S, 0) && may_write(T, 0)) && !(may_write(S, 1) && may_write(T, 1)), TWO_OWNERS); \
  must(!(top_watermark <= 1 && may_write(S, 1)) && !(top_watermark == 0 && may_write(S, 0)), UNPROTECTED)

mtype = { PUT, UPDATE, DELETE, MOVE_KEY };

inline release() {
  share[me * 2] = false; share[me * 2 + 1] = false;
  if :: row_lock[at(shard, position)] == me + 1 -> row_lock[at(shard, position)] = 0 :: else fi;
  if :: operation == MOVE_KEY && row_lock[at(shard, 0)] == me + 1 -> row_lock[at(shard, 0)] = 0 :: else fi
}

/* A keyed operation, then a read of the same key. Both route by what the client knows, and retry when a shard refuses. */
proctype Client(byte me) {
  byte position, shard, seen; mtype operation; bool none_is_right, fires;

  atomic {
#ifdef ONE_CHUNK
    position = 1;
#else
    if :: position = 0 :: position = 1 fi;
#endif
    if
    :: operation = PUT :: operation = UPDATE :: operation = DELETE
    :: without(OLD_AND_NEW) -> operation = MOVE_KEY; position = 1
    fi
  };

write:
  atomic { if :: known[me] = top_watermark :: true fi; shard = route(position) };
  /* The statement: waits for the table row; the guard fires if there is a row to write, and reads the ownership row in share mode. */
  atomic {
    row_lock[at(shard, position)] == 0;
    none_is_right = (truth[position] == 0);
    fires = (operation == PUT || table[at(shard, position)] != 0);
    if
    :: !fires -> goto zero_rows
    :: fires && operation == MOVE_KEY ->
      /* The new position is 0; the guard that looks at NEW alone asks about that one only. */
      if
      :: !may_write(shard, 0) || row_lock[at(shard, 0)] != 0 -> goto over
      :: else -> row_lock[at(shard, 1)] = me + 1; row_lock[at(shard, 0)] = me + 1
      fi
    :: fires && operation != MOVE_KEY && !may_write(shard, position) -> goto refused
    :: else -> if :: operation != PUT -> row_lock[at(shard, position)] = me + 1 :: else fi
    fi;
    share[me * 2 + shard] = !without(SHARE_LOCK)
  };
  /* An insert's guard runs before there is a row to lock. */
  if :: operation == PUT -> atomic { row_lock[at(shard, position)] == 0 -> row_lock[at(shard, position)] = me + 1 } :: else fi;
  /* MariaDB drops the share lock at XA PREPARE and keeps the row lock. */
  if :: me == 0 -> share[me * 2 + shard] = false :: true fi;
  atomic {
    if
    :: true -> release(); goto over     /* rolled back */
    :: true ->
      must(is_owner(shard, position), WRONG_SHARD);
      table[at(shard, position)] = (operation == DELETE || operation == MOVE_KEY -> 0 : me + 2);
      truth[position] = table[at(shard, position)];
      if
      :: operation == MOVE_KEY -> must(is_owner(shard, 0), WRONG_SHARD); table[at(shard, 0)] = me + 2; truth[0] = me + 2; release(); goto over
      :: else
      fi;
#if CLIENTS > 1
      if :: last_position[1 - me] == position + 1 -> overwritten[1 - me] = true :: else fi;
#endif
      last_position[me] = position + 1; last_value[me] = truth[position];
      release()
    fi
  };

read:
  atomic { if :: known[me] = top_watermark :: true fi; shard = route(position) };
  atomic {
    seen = table[at(shard, position)];
    must(seen == 0 || overwritten[me] || seen == last_value[me], BACK_IN_TIME);
    none_is_right = (overwritten[me] || last_value[me] == 0);
    if :: seen != 0 -> goto over :: else fi
  };
  atomic {
    if
    :: without(ZERO_ROW_RULE) || may_write(shard, position) || (shard == S && position < watermark[S]) ->
      must(none_is_right || overwritten[me], BELIEVED_ZERO); goto over      /* a frozen range is still read on its old owner */
    :: else -> seen = 1
    fi
  };
  goto refused;

zero_rows:
  /* The rule: ownership is read in the same transaction before "0 rows" is believed. */
  atomic {
    if
    :: without(ZERO_ROW_RULE) || may_write(shard, position) -> must(none_is_right || truth[position] == 0, BELIEVED_ZERO); goto over
    :: else
    fi
  };

refused:
  /* Refresh; where the shard is behind the topology, lower its watermark; then route anew. Waits while the chunk is frozen. */
  atomic {
    if
    :: seen && (top_watermark != known[me] || watermark[shard] > known[me] || may_write(shard, position))
    :: !seen && (top_watermark != known[me] || watermark[shard] > known[me] || may_write(shard, position))
    fi;
    known[me] = top_watermark
  };
  atomic {
    nobody_shares(shard);
    if
    :: watermark[shard] > known[me] || without(ONLY_LOWER) ->
      watermark[shard] = known[me];
      if :: frontier[shard] > known[me] || without(LEAST_FRONTIER) || without(ONLY_LOWER) -> frontier[shard] = known[me] :: else fi;
      one_owner
    :: else
    fi
  };
  if :: seen -> seen = 0; goto read :: else -> goto write fi;

over:
  atomic { position = 0; shard = 0; seen = 0; operation = 0; none_is_right = 0; fires = 0; known[me] = 0;
    last_position[me] = 0; last_value[me] = 0; overwritten[me] = 0 }
}

/* Applies a swap when it likes; checks at that moment what the commit promises. */
#define apply(m) atomic { asked[m] -> asked[m] = false; \
  if \
  :: ask_version[m] == version -> \
    must(ask_watermark[m] < top_watermark, WRONG_COMMIT); \
    p = ask_watermark[m]; \
    do \
    :: p >= top_watermark -> break \
    :: else -> must(frontier[S] <= p && row_lock[at(S, p)] == 0 && table[at(S, p)] == truth[p] && table[at(T, p)] == truth[p], WRONG_COMMIT); p++ \
    od; \
    top_watermark = ask_watermark[m]; version++; answer[m] = STORED \
  :: else -> answer[m] = CONFLICT \
  fi; \
  ask_version[m] = 0; ask_watermark[m] = 0; p = 0 }

proctype Store() { byte p;
end: do :: apply(0) :: apply(1) od }

/* A mover's update of the ownership row: by primary key, WHERE token <= :mine, alone in its transaction. */
#define mark(shard) nobody_shares(shard); if :: token[shard] > mine && !without(TOKENS) -> goto lost :: else -> token[shard] = mine fi
/* What a mover's transaction on table rows compares first, in share mode. */
#define has_token(shard) (token[shard] == mine || without(TOKENS))
/* A step may be the last that is heard of this mover. */
#define or_crash :: top_token < LEASES -> goto again

proctype Mover(byte m) {
  byte mine, at_version, base, bound, p, buffer;

again:
  atomic { mine = 0; bound = 0; p = 0; buffer = 0; answer[m] = 0 };
  /* 2: the lease. Raises the version, so that no older swap can be stored. */
  atomic {
    if
    :: finished -> goto gone
    :: !finished && top_token < LEASES && top_token % 2 == m ->     /* by turns: the movers are alike */
      top_token++; version = (without(LEASE_IN_DOCUMENT) -> version : version + 1);
      mine = top_token; at_version = version; base = top_watermark
    fi
  };
  /* Raise the token on both shards; bring the watermark down to the topology's, and only then set back. */
  if :: atomic { mark(T); if :: watermark[T] > base && !without(LOWER_FIRST) -> watermark[T] = base :: else fi; frontier[T] = watermark[T]; one_owner } or_crash fi;
  if :: atomic { mark(S); if :: watermark[S] > base && !without(LOWER_FIRST) -> watermark[S] = base :: else fi; frontier[S] = watermark[S]; one_owner } or_crash fi;
chunk:
  if :: base == 0 -> goto clean :: else fi;
  /* 3: choose the bound; clear what an earlier mover left on the target; freeze the source. */
  if :: atomic { mark(T); choose_bound; frontier[T] = bound; p = bound; one_owner } or_crash fi;
  do
  :: p >= base || without(CLEAR_ARRIVALS) -> break
  :: else ->
    if :: atomic {
      if
      :: table[at(T, p)] == 0
      :: table[at(T, p)] != 0 && has_token(T) -> must(p < top_watermark, WRONG_DELETE); table[at(T, p)] = 0
      :: else -> goto lost
      fi; p++ } or_crash fi
  od;
  if :: atomic { !without(FREEZE); mark(S); frontier[S] = bound; one_owner } :: without(FREEZE) or_crash fi;
  /* 4: copy, with locking reads. */
  p = bound;
  do
  :: p >= base -> break
  :: else ->
    if :: atomic { (row_lock[at(S, p)] == 0 || without(LOCKING_READS)) -> buffer = table[at(S, p)] } or_crash fi;
    if :: atomic {
      if
      :: buffer == 0
      :: buffer != 0 && has_token(T) -> must(p < top_watermark, WRONG_DELETE); table[at(T, p)] = buffer
      :: else -> goto lost
      fi; buffer = 0; p++ } or_crash fi
  od;
  /* 5: verify, with locking reads. A difference that is not due to a lost lease must not happen. */
  p = bound;
  do
  :: p >= base || without(VERIFY) -> break
  :: else ->
    atomic { (row_lock[at(S, p)] == 0 || without(LOCKING_READS)) -> buffer = table[at(S, p)] };
    atomic {
      if
      :: token[T] != mine || token[S] != mine -> goto lost
      :: else -> must(buffer == table[at(T, p)], UNVERIFIED)
      fi; buffer = 0; p++ }
  od;
  /* 6: the commit. */
  atomic { p = 0; asked[m] = true; ask_version[m] = at_version; ask_watermark[m] = bound; answer[m] = 0 };
  if
  :: atomic { answer[m] == STORED -> answer[m] = 0; at_version = (without(OWN_VERSION) -> version : at_version + 1) }
  :: answer[m] == CONFLICT -> goto lost
  :: answer[m] == 0 && top_token < LEASES -> goto again     /* unknown, or crash: the swap may still be applied */
  :: atomic { answer[m] == 0 && without(NEW_LEASE) ->
      if
      :: top_watermark <= bound -> at_version = version
      :: else -> mark(S); frontier[S] = base; goto chunk
      fi }
  fi;
  /* 7: lower the row on both shards. */
  if :: without(NEW_OWNER_FIRST) -> atomic { mark(S); if :: watermark[S] > bound -> watermark[S] = bound :: else fi; one_owner } :: else fi;
  if :: atomic { mark(T); if :: watermark[T] > bound -> watermark[T] = bound :: else fi; one_owner } or_crash fi;
  if :: atomic { mark(S); if :: watermark[S] > bound -> watermark[S] = bound :: else fi; one_owner } or_crash fi;
  base = bound;
  if :: goto chunk :: true fi;
clean:
  /* 8: now or after later chunks: delete departures at and above the watermark. */
  p = base;
  do
  :: p == UPTO -> break
  :: else ->
    if :: atomic {
      if
      :: table[at(S, p)] == 0
      :: table[at(S, p)] != 0 && has_token(S) -> must(p >= top_watermark, WRONG_DELETE); table[at(S, p)] = 0
      :: else -> goto lost
      fi; p++ } or_crash fi
  od;
  if :: base > 0 -> goto chunk :: else fi;
  atomic { if :: mine == top_token -> finished = true; goto gone :: else -> goto lost fi };
lost:
  if :: finished -> goto gone :: top_token < LEASES && top_token % 2 == m -> goto again fi;
gone:
  atomic { mine = 0; at_version = 0; base = 0; bound = 0; p = 0; buffer = 0; answer[m] = 0 }
}

init {
  atomic {
    READ_WITHOUT;
    table[at(S, 0)] = 1;
    if :: table[at(S, 1)] = 1 :: true fi;
    truth[0] = 1; truth[1] = table[at(S, 1)];
    known[0] = UPTO; known[1] = UPTO;
    run Store(); run Client(0);
#if CLIENTS > 1
    run Client(1);
#endif
    run Mover(0); run Mover(1)
  };
  atomic {
    _nr_pr == 2 && finished;
    must(table[at(T, 0)] == truth[0] && table[at(T, 1)] == truth[1], LOST_WRITE);
    must(table[at(S, 0)] == 0 && table[at(S, 1)] == 0, LEFTOVER)
  }
}
