/*
 * Several workers on one topology: leases and tokens per row, swaps against versions.
 *
 * Two rows of a plan, each walked in two chunks; two workers, each of which may take any row that is not finished, also one that the
 * other holds. One document holds both rows, so every swap of one row ends the version that the other worker knows. The store applies
 * a swap whenever it likes, also after its sender gave up.
 *
 * A shard is here only its frontier, the mover's token and how far a copy is good: the copy is good from its verification until
 * somebody sets back or clears. What makes it good is the matter of chunk.pml.
 */
#include "common.pml"

#define READ_AGAIN 1          /* fails STUCK : a conflict, which any other row's swap causes, ends the worker */
#define OWN_TOKEN 2           /* fails WRONG_COMMIT : after a conflict the worker goes on without looking at its token */
#define OWN_WATERMARK 3       /* holds : looking at the token is enough; nobody else moves the watermark under it */
#define NEW_LEASE 4           /* fails WRONG_COMMIT : after an unknown swap the worker reads and decides, under its old lease */
#define LEASE_IN_DOCUMENT 5   /* fails WRONG_COMMIT : a lease does not raise the version, so it kills no swap under way */
#define SHARD_TOKENS 6        /* fails WRONG_COMMIT : the shards do not compare tokens */

#ifndef LEASES
#define LEASES 2
#endif
#define UPTO 2

byte version; byte top_watermark[2] = UPTO; byte top_token[2];
#define finished (top_watermark[0] == 0 && top_watermark[1] == 0)

bool asked[2]; bool ask_row[2]; byte ask_version[2]; byte ask_watermark[2]; byte answer[2];
#define STORED 1
#define CONFLICT 2

byte frontier[2] = UPTO; byte token[2]; byte good_from[2] = UPTO;

#define apply(m) atomic { asked[m] -> asked[m] = false; \
  if \
  :: ask_version[m] == version -> \
    must(ask_watermark[m] < top_watermark[ask_row[m]], WRONG_COMMIT); \
    must(frontier[ask_row[m]] <= ask_watermark[m] && good_from[ask_row[m]] <= ask_watermark[m], WRONG_COMMIT); \
    top_watermark[ask_row[m]] = ask_watermark[m]; version++; answer[m] = STORED \
  :: else -> answer[m] = CONFLICT \
  fi; \
  ask_version[m] = 0; ask_watermark[m] = 0; ask_row[m] = 0 }

proctype Store() {
end: do :: apply(0) :: apply(1) od }

#define step if :: token[row] > mine && !without(SHARD_TOKENS) -> goto lost :: else -> token[row] = (mine > token[row] -> mine : token[row]) fi
#define or_crash :: top_token[row] < LEASES -> goto again

proctype Worker(byte m) {
  byte mine, at_version, base, bound; bool row;

again:
  atomic { mine = 0; bound = 0; base = 0; at_version = 0; answer[m] = 0; row = 0 };
  atomic {
    if
    :: finished -> goto gone
    :: top_watermark[0] > 0 && top_token[0] < LEASES -> row = 0
    :: top_watermark[1] > 0 && top_token[1] < LEASES -> row = 1
    fi;
    top_token[row]++;
    version = (without(LEASE_IN_DOCUMENT) -> version : version + 1);
    mine = top_token[row]; at_version = version; base = top_watermark[row]
  };
  if :: atomic { step; frontier[row] = base; good_from[row] = base } or_crash fi;      /* raise the token, set back */
chunk:
  if :: atomic { step; bound = base - 1; frontier[row] = bound; good_from[row] = base } or_crash fi;      /* clear, freeze */
  if :: atomic { step; if :: frontier[row] == bound -> good_from[row] = bound :: else fi } or_crash fi;   /* copy, verify */
swap:
  atomic { asked[m] = true; ask_row[m] = row; ask_version[m] = at_version; ask_watermark[m] = bound; answer[m] = 0 };
  if
  :: atomic { answer[m] == STORED -> answer[m] = 0; at_version = version; base = bound;      /* it reads the newest again, for its next swap */
      if :: top_token[row] != mine && !without(OWN_TOKEN) -> goto lost :: else fi }
  :: atomic { answer[m] == CONFLICT -> answer[m] = 0;
      if
      :: without(READ_AGAIN) -> goto stopped
      :: !without(READ_AGAIN) && (top_token[row] == mine || without(OWN_TOKEN)) && (top_watermark[row] == base || without(OWN_WATERMARK)) ->
        at_version = version; goto swap
      :: else -> goto lost
      fi }
  :: top_token[row] < LEASES && answer[m] == 0 -> goto again
  :: atomic { without(NEW_LEASE) && answer[m] == 0 ->
      if
      :: top_watermark[row] <= bound -> base = bound; at_version = version
      :: else -> step; frontier[row] = base; good_from[row] = base; at_version = version; goto chunk
      fi }
  fi;
  if :: base > 0 -> goto chunk :: else -> goto again fi;
lost:
  goto again;
stopped:
  finished;
gone:
  atomic { mine = 0; at_version = 0; base = 0; bound = 0; row = 0; answer[m] = 0 }
}

init { atomic { READ_WITHOUT; run Store(); run Worker(0); run Worker(1) } }
