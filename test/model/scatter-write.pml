/*
 * A scatter write ("add 1 to every row") across the commit of a chunk.
 *
 * Rows 0 (moves from S to T), 1 (stays on S) and 2 (stays on T). The writer opens a transaction on both shards, share-locks the plan's
 * row on both and compares it with its topology, and only then writes; it commits shard by shard, in any order. A writer that is told to
 * begin again has written nothing. A writer that knows of no plan takes no locks; its process acknowledges the plan, and so lets the
 * mover begin, only when that write is over.
 */
#include "common.pml"

#define ALL_SHARDS 1          /* fails WRONG_COUNT LOST_WRITE : each shard is locked, written and committed before the next one is asked */
#define COMPARE 2             /* fails WRONG_COUNT : the rows are locked but not compared with the caller's topology */
#define SHARE_LOCK 3          /* fails WRONG_COUNT UNVERIFIED LOST_WRITE : the rows are compared without a lock that lasts to the commit */
#define NO_RESTART 4          /* fails WRONG_COUNT : a refusal after the first commit starts the whole write again */
#define ACKNOWLEDGE_LAST 5    /* fails WRONG_COUNT LOST_WRITE UNVERIFIED WRONG_SHARD : a process acknowledges a plan while a scatter write from before it still runs */
#define BARRIER 6             /* fails WRONG_COUNT LOST_WRITE UNVERIFIED WRONG_SHARD : rows move before the client knows of the plan */

#define S 0
#define T 1
byte top_watermark = 1; byte watermark[2] = 1; byte frontier[2] = 1;
byte table[6];      /* shard * 3 + row: 0 absent, else 1 + how often it was written */
bool share[2]; bool over; bool moved;
bool planned; bool knows_plan; bool acknowledged; bool writes_unlocked;

#define may_write(shard) (((shard) == S && frontier[S] == 1) || ((shard) == T && watermark[T] == 0))

proctype Mover() {
  byte buffer;
  planned = true;
  (acknowledged || without(BARRIER));
  atomic { !share[S] -> frontier[S] = 0 };
  buffer = table[S * 3];
  table[T * 3] = buffer;
  must(table[T * 3] == table[S * 3], UNVERIFIED);
  top_watermark = 0;
  if
  :: atomic { !share[T] -> watermark[T] = 0 }; atomic { !share[S] -> watermark[S] = 0 }
  :: atomic { !share[S] -> watermark[S] = 0 }; atomic { !share[T] -> watermark[T] = 0 }
  fi;
  table[S * 3] = 0;
  moved = true
}

/* What the caller's topology asks of a shard that owns row 0 by it, and of one that does not: no newer watermark. */
#define agrees(shard) ((watermark[shard] >= known) && (!(((shard) == T) == (known == 0)) || may_write(shard)))
#define write(shard) \
  atomic { \
    if \
    :: table[(shard) * 3] != 0 && ((shard) == T) == (known == 0) -> \
      if :: may_write(shard) -> table[(shard) * 3]++ :: else -> refused = true fi \
    :: else \
    fi; \
    if :: !refused -> table[(shard) * 3 + 1 + (shard)]++ :: else fi }

proctype Refresher() {
  planned;
  knows_plan = true;
  atomic { (!writes_unlocked || without(ACKNOWLEDGE_LAST)) -> acknowledged = true }
}

proctype Writer() {
  byte known, first; bool refused;
again:
  atomic { if :: known = top_watermark :: known = 1 fi; if :: first = S :: first = T fi; refused = false; writes_unlocked = !knows_plan };
  if
  :: !writes_unlocked && !without(ALL_SHARDS) && !without(NO_RESTART) ->
    if :: atomic { (agrees(first) || without(COMPARE)) -> share[first] = !without(SHARE_LOCK) } :: !agrees(first) && !without(COMPARE) -> goto again fi;
    if
    :: atomic { (agrees(1 - first) || without(COMPARE)) -> share[1 - first] = !without(SHARE_LOCK) }
    :: !agrees(1 - first) && !without(COMPARE) -> share[first] = false; goto again
    fi
  :: else
  fi;
  write(first);
  if :: refused -> atomic { share[S] = false; share[T] = false }; (known != top_watermark || may_write(first)); goto again :: else fi;
  share[first] = false;
  write(1 - first);
  share[1 - first] = false;
  if
  :: refused && without(NO_RESTART) -> goto again
  :: refused && !without(NO_RESTART) -> must(false, WRONG_COUNT)
  :: else
  fi;
  atomic { over = true; writes_unlocked = false }
}

init {
  atomic { READ_WITHOUT; table[S * 3] = 1; table[S * 3 + 1] = 1; table[T * 3 + 2] = 1; run Mover(); run Refresher(); run Writer() };
  atomic {
    over && moved;
    must(table[T * 3] == 2 && table[S * 3 + 1] == 2 && table[T * 3 + 2] == 2, WRONG_COUNT);
    must(table[S * 3] == 0, LEFTOVER)
  }
}
