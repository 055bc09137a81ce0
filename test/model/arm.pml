/*
 * Cutting rows and arming while writers are at work.
 *
 * One writer changes position 0 on S, at any time: unguarded before the triggers are there, guarded by the row that it finds after.
 * The coordinator cuts the row [0, 2) into [0, 1) and [1, 2), arms, and a mover freezes [0, 1), copies and commits. With ACTIVE the
 * triggers are there from the start, as under `guard: 'always'` or when a second plan cuts rows.
 */
#include "common.pml"

#define COVER_FIRST 1         /* holds ; ACTIVE fails WRONG_COMMIT : rows are inserted without updating the row that covered them before, in the same transaction */
#define ARM_BEFORE_FREEZE 2   /* fails WRONG_COMMIT ; ACTIVE holds : the freeze does not wait until the triggers are there */
#define DDL_WAITS 3           /* fails WRONG_COMMIT ; ACTIVE holds : triggers come into force beside transactions that wrote without them */
#define SHARE_LOCK 4          /* fails WRONG_COMMIT LOST_WRITE : the guard reads the row without a lock */

bool armed;
/* Ownership rows: 0 is [0, 2), 1 is [0, 1) ([1, 2) does not matter). Locks of the writer on each. */
bool exists[2]; bool frozen[2]; bool share[2];
/* The writer's transaction has written without a guard, and is still open. */
bool unguarded;
byte source = 1, target, truth = 1; bool committed;

proctype Writer() {
  bool row;
  atomic {
    if
    :: committed -> goto over
    :: !committed && !armed -> unguarded = true
    :: !committed && armed ->
      row = exists[1];      /* ORDER BY upto LIMIT 1: the smaller one where there are both */
      if :: frozen[row] -> goto over :: else -> share[row] = !without(SHARE_LOCK) fi
    fi
  };
  atomic { source = 2; truth = 2; unguarded = false; share[0] = false; share[1] = false };
over:
  row = 0
}

proctype Mover() {
  atomic { (without(COVER_FIRST) || !share[0]) -> exists[1] = true };
  if
  :: without(ARM_BEFORE_FREEZE)
  :: else -> atomic { (!unguarded || without(DDL_WAITS)) -> armed = true }
  fi;
  atomic { !share[1] -> frozen[1] = true };
  target = source;
  atomic { must(source == target && target == truth && !unguarded && !share[0], WRONG_COMMIT); committed = true }
}

init {
  atomic {
    READ_WITHOUT; exists[0] = true;
#ifdef ACTIVE
    armed = true;
#endif
    run Writer(); run Mover()
  };
  atomic { _nr_pr == 1; must(target == truth, LOST_WRITE) }
}
