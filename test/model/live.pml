/*
 * Live mode: a position with more rows than a chunk may freeze.
 *
 * One position with two table rows moves from S to T. Capture is switched on, the rows are copied without freezing, the log of written
 * keys is applied in rounds, then the position is frozen for the last round, verified and committed. Two writers write one row each;
 * writer 1 may prepare its transaction, after which it holds its row lock but no share lock. Two movers, crash at any step.
 *
 * The log is a set: an entry per write, which is its writer's bit here; it becomes visible when its transaction commits.
 */
#include "common.pml"

#define OWN_ENTRIES 1         /* fails WRONG_COMMIT UNVERIFIED : one entry per key (unique key, INSERT IGNORE), so a later write adds none */
#define ENTRIES_READ 2        /* fails WRONG_COMMIT UNVERIFIED : a round deletes all entries of the key, not exactly those that it read */
#define WAIT_PREPARED 3       /* fails WRONG_COMMIT UNVERIFIED : copying begins although a transaction from before the capture is prepared */
#define CHECK_PREPARED 4      /* fails WRONG_COMMIT UNVERIFIED : the last round reads the log although a transaction is prepared */
#define LOCKING_READS 5       /* holds : the last round and the verification read without locks; the check for prepared transactions came first */
#define SHARE_LOCK 6          /* fails WRONG_COMMIT UNVERIFIED UNPROTECTED : the guard reads the marks without a lock */
#define TOKENS 7              /* fails WRONG_COMMIT UNVERIFIED WRONG_DELETE UNPROTECTED : transactions on the target do not compare their token */
#define LOG_TOKEN 8           /* fails WRONG_COMMIT UNVERIFIED : the transaction that deletes log entries does not compare its token */
#define FREEZE 9              /* fails WRONG_COMMIT UNVERIFIED UNPROTECTED : the last round is not frozen */

#ifndef LEASES
#define LEASES 2
#endif

bool capture, frozen, committed, finished;
byte top_token, token_s, token_t;
byte source[2], target[2], truth[2];
byte row_lock[2];       /* writer + 1 */
byte log[2];            /* bits of writers */
bool share[2], prepared[2], unlogged[2];      /* prepared without an entry: its statement ran before the capture */

#define nobody_shares (!share[0] && !share[1])
#define nobody_prepared (!prepared[0] && !prepared[1])

inline release() { row_lock[key] = 0; share[me] = false; prepared[me] = false; unlogged[me] = false }

proctype Writer(byte me) {
  byte key, value; bool logs;
  atomic { if :: key = 0 :: key = 1 fi; if :: value = 0 :: value = 2 + me fi };
  /* The guard, with its share lock; a position that is frozen or gone is written elsewhere, which is not the matter here. */
  atomic { if :: frozen || committed -> goto over :: else -> share[me] = !without(SHARE_LOCK); logs = capture fi };
  atomic { row_lock[key] == 0 -> row_lock[key] = me + 1; if :: without(OWN_ENTRIES) && log[key] -> logs = false :: else fi };
  if :: atomic { me == 1 -> share[me] = false; prepared[me] = true; unlogged[me] = !logs } :: true fi;
  atomic {
    if
    :: true ->
      must(!committed, UNPROTECTED);
      source[key] = value; truth[key] = value; if :: logs -> log[key] = log[key] | (1 << me) :: else fi
    :: true
    fi;
    release()
  };
over:
  atomic { key = 0; value = 0; logs = false }
}

#define or_crash :: top_token < LEASES && top_token % 2 == m -> goto again
#define mark_source nobody_shares; if :: token_s > mine && !without(TOKENS) -> goto lost :: else -> token_s = mine fi
#define unlocked(key) (row_lock[key] == 0 || without(LOCKING_READS))

/* Re-reads the rows of the entries read, then applies: delete, then insert. A statement that matches no row writes nothing. */
#define apply(key) atomic { \
  if \
  :: entries[key] && (target[key] != 0 || buffer[key] != 0) -> \
    if :: token_t != mine && !without(TOKENS) -> goto lost :: else -> must(!committed, WRONG_DELETE); target[key] = buffer[key] fi \
  :: else \
  fi }
#define delete_entries(key) if :: without(ENTRIES_READ) || without(OWN_ENTRIES) -> log[key] = (entries[key] -> 0 : log[key]) :: else -> log[key] = log[key] & (3 - entries[key]) fi
#define forget entries[0] = 0; entries[1] = 0; buffer[0] = 0; buffer[1] = 0
#define end_round atomic { if :: token_s != mine && !without(LOG_TOKEN) -> goto lost :: else fi; delete_entries(0); delete_entries(1); forget }

proctype Mover(byte m) {
  byte mine, key, round; byte entries[2], buffer[2];
again:
  atomic { forget; key = 0; round = 0; mine = 0 };
  atomic {
    if
    :: finished -> goto gone
    :: !finished && top_token < LEASES && top_token % 2 == m -> top_token++; mine = top_token
    fi
  };
  atomic { if :: token_t > mine -> goto lost :: else -> token_t = mine fi };
  if :: atomic { mark_source; frozen = committed; capture = !committed } or_crash fi;
  if :: committed -> goto commit_done :: else fi;
  atomic { if :: token_t != mine && !without(TOKENS) -> goto lost :: else -> target[0] = 0; target[1] = 0 fi };
  (without(WAIT_PREPARED) || (!unlogged[0] && !unlogged[1]));
  /* Copy, without freezing. */
  do
  :: key == 2 -> break
  :: else ->
    buffer[key] = source[key];
    atomic {
      if
      :: buffer[key] != 0 -> if :: token_t != mine && !without(TOKENS) -> goto lost :: else -> must(!committed, WRONG_DELETE); target[key] = buffer[key] fi
      :: else
      fi; buffer[key] = 0; key++ }
    or_crash
  od;
  /* Catch up: at most one round here. */
  do
  :: round == 0 ->
    atomic { entries[0] = log[0]; entries[1] = log[1]; round++ };
    atomic { buffer[0] = (entries[0] -> source[0] : 0); buffer[1] = (entries[1] -> source[1] : 0) };
    apply(0); apply(1); end_round
  :: true -> break
  or_crash
  od;
  /* Freeze; the last round. */
  if :: atomic { mark_source; frozen = !without(FREEZE) } or_crash fi;
  (nobody_prepared || without(CHECK_PREPARED));
  atomic { entries[0] = log[0]; entries[1] = log[1] };
  if :: entries[0] -> atomic { unlocked(0) -> buffer[0] = source[0] } :: else fi;
  if :: entries[1] -> atomic { unlocked(1) -> buffer[1] = source[1] } :: else fi;
  apply(0); apply(1); end_round;
  atomic {
    unlocked(0) && unlocked(1);
    if :: token_t != mine || token_s != mine -> goto lost :: else -> must(source[0] == target[0] && source[1] == target[1], UNVERIFIED) fi
  };
  atomic {
    if
    :: top_token != mine -> goto lost
    :: else -> must(row_lock[0] == 0 && row_lock[1] == 0 && target[0] == truth[0] && target[1] == truth[1], WRONG_COMMIT); committed = true
    fi
  };
commit_done:
  atomic { if :: token_s != mine -> goto lost :: else -> frozen = true; capture = false fi; finished = true; goto gone };
lost:
  if :: finished :: top_token < LEASES && top_token % 2 == m -> goto again fi;
gone:
  atomic { forget; key = 0; round = 0; mine = 0 }
}

init {
  atomic {
    READ_WITHOUT;
    source[0] = 1; truth[0] = 1;
    if :: source[1] = 1 :: true fi;
    truth[1] = source[1];
    run Writer(0); run Writer(1); run Mover(0); run Mover(1)
  };
  atomic { _nr_pr == 1; must(target[0] == truth[0] && target[1] == truth[1], LOST_WRITE) }
}
