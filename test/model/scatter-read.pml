/*
 * A scatter read across a plan: one snapshot per shard, taken at different times, while rows are copied, committed and cleaned.
 *
 * Two positions with one row each, no writer, so that the only right count is 2. Position 1 moves from S to T; an earlier mover may leave
 * a copy that a later one clears. The reader may be at any topology that its process has known; the process refreshes in the background
 * and acknowledges. There is no grace: cleanup follows the commit.
 */
#include "common.pml"

#define MASK 1                /* fails WRONG_COUNT : rows are counted wherever they are */
#define ONE_VERSION 2         /* fails WRONG_COUNT : each shard is masked by the newest topology */
#define OWNERSHIP 3           /* fails WRONG_COUNT : the ownership rows are not compared with the caller's topology */
#define SAME_SNAPSHOT 4       /* fails WRONG_COUNT : the ownership rows are read before the snapshot of the rows */
#define BARRIER 5             /* fails WRONG_COUNT : rows are copied before the client knows of the plan */
#define AGAIN_AT_END 6        /* fails WRONG_COUNT : a scatter that began before its process knew of the plan is not begun again */
#define LOWER_BEFORE_CLEAN 7  /* fails WRONG_COUNT : cleanup does not wait for the source's watermark */

#define S 0
#define T 1
/* 0 nothing planned, 1 plan, 2 committed, 3 final. Two variants of "known": of the process, and acknowledged to the store. */
byte topology; byte known; byte acknowledged;
#define planned(version) ((version) == 1 || (version) == 2)
#define moved(version) ((version) >= 2)
bool lowered[2];
bool table[4];        /* shard * 2 + position */

proctype Refresher() {
  do
  :: known < topology -> known = topology; acknowledged = known
  :: known == 3 -> break
  od
}

proctype Reader() {
  byte pinned, count, asked, shard; bool stale;
again:
  atomic { pinned = known; count = 0; asked = 0; if :: shard = S :: shard = T fi };
  do
  :: asked == 2 -> break
  :: else ->
    if :: without(ONE_VERSION) -> pinned = known :: else fi;
    if :: without(SAME_SNAPSHOT) -> stale = (planned(pinned) && lowered[shard] && !moved(pinned)) :: else fi;
    atomic {
      if :: !without(SAME_SNAPSHOT) -> stale = (planned(pinned) && lowered[shard] && !moved(pinned)) :: else fi;
      if :: stale && !without(OWNERSHIP) -> goto wait :: else fi;
      count = count + table[shard * 2];
      if
      :: table[shard * 2 + 1] && (!planned(pinned) || without(MASK) || ((shard == T) == moved(pinned))) -> count++
      :: else
      fi;
      asked++; shard = 1 - shard
    }
  od;
  atomic {
    if :: !planned(pinned) && known != pinned && !without(AGAIN_AT_END) -> goto again :: else fi;
    must(count == 2, WRONG_COUNT)
  };
  if :: goto again :: goto over fi;
wait:
  atomic { known != pinned; goto again };
over:
  atomic { pinned = 0; count = 0; shard = 0; stale = false; asked = 0 }
}

proctype Mover() {
  topology = 1;
  (acknowledged >= 1 || without(BARRIER));
  if :: table[T * 2 + 1] = true; table[T * 2 + 1] = false :: true fi;
  table[T * 2 + 1] = true;
  topology = 2;
  if :: lowered[T] = true :: lowered[S] = true fi;
  if :: !without(LOWER_BEFORE_CLEAN) -> lowered[T] = true; lowered[S] = true :: else fi;
  table[S * 2 + 1] = false;
  lowered[T] = true; lowered[S] = true;
  topology = 3
}

init { atomic { READ_WITHOUT; table[S * 2] = true; table[S * 2 + 1] = true; run Refresher(); run Reader(); run Mover() } }
