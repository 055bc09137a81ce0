/*
 * A transaction on the target whose snapshot is older than the rows that moved in.
 *
 * The transaction began for another key of T. Later it reads a key that moves from S to T meanwhile: its snapshot shows no row, and the
 * ownership row, read with a lock, says that T owns the position, so the zero-row rule alone believes it.
 */
#include "common.pml"

#define PIN 1                 /* fails BELIEVED_ZERO : a transaction goes on where its key routes otherwise than by the topology that it began with */
#define PIN_FIRST 2           /* fails BELIEVED_ZERO : the topology is pinned after the snapshot was taken */
#define ZERO_ROW_RULE 3       /* holds : comparing the routes is enough here */

/* The move: the topology is 0 before the commit and 1 after it. */
byte topology, known; bool copied, lowered;

proctype Mover() {
  copied = true;
  topology = 1;
  lowered = true
}

proctype Client() {
  byte pinned, newest; bool snapshot;
  if :: !without(PIN_FIRST) -> atomic { if :: known = topology :: true fi; pinned = known } :: else fi;
  snapshot = copied;
  if :: without(PIN_FIRST) -> atomic { if :: known = topology :: true fi; pinned = known } :: else fi;
  atomic { if :: known = topology :: true fi; newest = known };
  if
  :: newest != pinned && !without(PIN) -> goto over      /* a retryable error */
  :: newest == 0 -> goto over                            /* S has it: another shard than this transaction's */
  :: else
  fi;
  atomic {
    if
    :: snapshot
    :: !snapshot && !without(ZERO_ROW_RULE) && !lowered -> goto over
    :: else -> must(false, BELIEVED_ZERO)
    fi
  };
over:
  atomic { pinned = 0; newest = 0; snapshot = false }
}

init { atomic { READ_WITHOUT; run Mover(); run Client() } }
