/*
 * Both roles under a modulus: `2 -> 3 by modulo`, seen by the two old shards.
 *
 * Positions 0 to 5. Shard 0 owns position mod 2 = 0 by the old rule and position mod 3 = 0 by the new one, shard 1 the same with 1.
 * Table rows exist at 0 (stays on shard 0), 3 (arrival at 0, departure from 1) and 4 (arrival at 1, departure from 0), so both shards
 * are source and target in the chunk [3, 6), and [0, 3) has a row that must be left alone. One client, two movers, crash at any step.
 * The swap is one atomic step here; chunk.pml and workers.pml have it on the wire.
 */
#include "common.pml"

#define SHARE_LOCK 1          /* fails LOST_WRITE WRONG_SHARD UNVERIFIED WRONG_COMMIT : the guard reads the marks without a lock */
#define FREEZE_ALL 2          /* fails TWO_OWNERS LOST_WRITE UNVERIFIED WRONG_COMMIT : only the first old owner is frozen */
#define ONLY_ARRIVALS 3       /* fails WRONG_DELETE LOST_WRITE UNVERIFIED : the chunk is cleared of all rows, not of arrivals */
#define ONLY_DEPARTURES 4     /* fails WRONG_DELETE LOST_WRITE : cleanup deletes all rows at and above the watermark, not departures */
#define CLEAR_FROZEN 5        /* holds : arrivals are cleared before their shard freezes; nobody but a mover can write them there */
#define RULE_IN_GUARD 6       /* fails TWO_OWNERS : above the watermark the guard asks for the old rule too */
#define TOKENS 7              /* fails TWO_OWNERS WRONG_DELETE LOST_WRITE UNVERIFIED WRONG_COMMIT : steps of a mover do not compare their token */
#define SET_BACK 8            /* holds : a freeze that fails on one shard leaves the other frozen; writers wait longer, nothing is lost */
#define ANY_ORDER 9           /* holds : lowering goes by number, not new owners first; both shards are new owners here */

#ifndef LEASES
#define LEASES 2
#endif
#define UPTO 6
#define old_owner(position) ((position) % 2)
#define new_owner(position) ((position) % 3)     /* 2 is the third shard: no table row here goes there */
#define arrival(shard, position) (new_owner(position) == (shard) && old_owner(position) != (shard))
#define departure(shard, position) (old_owner(position) == (shard) && new_owner(position) != (shard))
/* Table rows by number: 0 is at position 0, 1 at position 3, 2 at position 4. */
#define position_of(n) ((n) == 0 -> 0 : (n) + 2)
#define at(shard, n) ((shard) * 3 + (n))

byte top_watermark = UPTO; byte top_token; bool finished;
byte watermark[2] = UPTO; byte frontier[2] = UPTO; byte token[2];
byte table[6]; byte truth[3];
bool share[2];      /* the client's share lock on each shard's ownership row */
byte known = UPTO; bool client_over;

#define may_write(shard, position) \
  (((position) >= watermark[shard] && (new_owner(position) == (shard) || (without(RULE_IN_GUARD) && old_owner(position) == (shard)))) \
  || ((position) < frontier[shard] && old_owner(position) == (shard)))
#define is_owner(shard, position) (((position) >= top_watermark -> new_owner(position) : old_owner(position)) == (shard))
#define one_owner must(!(may_write(0, 0) && may_write(1, 0)) && !(may_write(0, 3) && may_write(1, 3)) && !(may_write(0, 4) && may_write(1, 4)), TWO_OWNERS)

mtype = { PUT, UPDATE, DELETE };

proctype Client() {
  byte n, shard; mtype operation;
  atomic { if :: n = 0 :: n = 1 :: n = 2 fi; if :: operation = PUT :: operation = UPDATE :: operation = DELETE fi };
write:
  atomic {
    if :: known = top_watermark :: true fi;
    shard = (position_of(n) >= known -> new_owner(position_of(n)) : old_owner(position_of(n)))
  };
  atomic {
    if
    :: operation != PUT && table[at(shard, n)] == 0 ->
      if :: may_write(shard, position_of(n)) -> must(truth[n] == 0, BELIEVED_ZERO); goto over :: else -> goto refused fi
    :: else ->
      if :: may_write(shard, position_of(n)) -> share[shard] = !without(SHARE_LOCK) :: else -> goto refused fi
    fi
  };
  atomic {
    if
    :: share[shard] = false      /* rolled back */
    :: true ->
      must(is_owner(shard, position_of(n)), WRONG_SHARD);
      truth[n] = (operation == DELETE -> 0 : 2); table[at(shard, n)] = truth[n]; share[shard] = false
    fi
  };
  goto over;
refused:
  atomic { (known != top_watermark || may_write(shard, position_of(n))); known = top_watermark };
  atomic {
    !share[shard];
    if :: watermark[shard] > known -> watermark[shard] = known; if :: frontier[shard] > known -> frontier[shard] = known :: else fi; one_owner :: else fi
  };
  goto write;
over:
  atomic { n = 0; shard = 0; operation = 0; known = 0; client_over = true }
}

#define mark(shard) !share[shard]; if :: token[shard] > mine && !without(TOKENS) -> goto lost :: else -> token[shard] = mine fi
#define has_token(shard) (token[shard] == mine || without(TOKENS))
#define or_crash :: top_token < LEASES && top_token % 2 == m -> goto again
#define in_chunk(n) (position_of(n) >= bound && position_of(n) < base)

/* Clears what moves to this shard, in the chunk. */
#define clear(shard) \
  n = 0; \
  do \
  :: n == 3 -> break \
  :: else -> \
    if :: atomic { \
      if \
      :: in_chunk(n) && table[at(shard, n)] != 0 && (arrival(shard, position_of(n)) || without(ONLY_ARRIVALS)) -> \
        if :: !has_token(shard) -> goto lost :: else fi; \
        must(!is_owner(shard, position_of(n)), WRONG_DELETE); table[at(shard, n)] = 0 \
      :: else \
      fi; n++ } or_crash fi \
  od

#define lower(shard) if :: atomic { mark(shard); if :: watermark[shard] > bound -> watermark[shard] = bound :: else fi; one_owner } or_crash fi

#define set_back(shard) if :: atomic { mark(shard); if :: watermark[shard] > base -> watermark[shard] = base :: else fi; frontier[shard] = base; one_owner } or_crash fi

proctype Mover(byte m) {
  byte mine, base, bound, n, from;
again:
  atomic { mine = 0; bound = 0; n = 0; base = 0; from = 0 };
  atomic {
    if
    :: finished -> goto gone
    :: !finished && top_token < LEASES && top_token % 2 == m -> top_token++; mine = top_token; base = top_watermark
    fi
  };
  set_back(0); set_back(1);
chunk:
  if :: base == 0 -> goto clean :: else fi;
  atomic { if :: bound = 0 :: base > 3 -> bound = 3 fi };
  if :: without(CLEAR_FROZEN) -> clear(0); clear(1) :: else fi;
  if :: atomic { mark(0); frontier[0] = bound; one_owner } or_crash fi;
  if
  :: atomic { !without(FREEZE_ALL); mark(1); frontier[1] = bound; one_owner }
  :: without(FREEZE_ALL)
  :: share[1] -> if :: !without(SET_BACK) -> set_back(0) :: else fi; goto chunk      /* a writer is in the way: back off */
  or_crash fi;
  if :: !without(CLEAR_FROZEN) -> clear(0); clear(1) :: else fi;
  /* Copy what moves. */
  n = 0;
  do
  :: n == 3 -> break
  :: else ->
    if :: atomic {
      from = old_owner(position_of(n));
      if
      :: in_chunk(n) && departure(from, position_of(n)) && table[at(from, n)] != 0 ->
        if :: !has_token(1 - from) -> goto lost :: else fi;
        must(!is_owner(1 - from, position_of(n)), WRONG_DELETE); table[at(1 - from, n)] = table[at(from, n)]
      :: else
      fi; from = 0; n++ } or_crash fi
  od;
  /* Verify, then the swap. */
  atomic {
    if :: token[0] != mine || token[1] != mine -> goto lost :: else fi;
    must(!(in_chunk(1) && table[at(0, 1)] != table[at(1, 1)]) && !(in_chunk(2) && table[at(0, 2)] != table[at(1, 2)]), UNVERIFIED)
  };
  if
  :: atomic {
    if :: top_token != mine -> goto lost :: else fi;
    must(!(in_chunk(0) && table[at(0, 0)] != truth[0]) && !(in_chunk(1) && table[at(0, 1)] != truth[1]) && !(in_chunk(2) && table[at(1, 2)] != truth[2]), WRONG_COMMIT);
    top_watermark = bound }
  or_crash fi;
  if :: without(ANY_ORDER) -> lower(1); lower(0) :: else -> lower(0); lower(1) fi;
  base = bound;
  if :: goto chunk :: true fi;
clean:
  n = 0;
  do
  :: n == 6 -> break
  :: else ->
    if :: atomic {
      if
      :: position_of(n % 3) >= base && table[n] != 0 && (departure(n / 3, position_of(n % 3)) || without(ONLY_DEPARTURES)) ->
        if :: !has_token(n / 3) -> goto lost :: else fi;
        must(!is_owner(n / 3, position_of(n % 3)), WRONG_DELETE); table[n] = 0
      :: else
      fi; n++ } or_crash fi
  od;
  if :: base > 0 -> goto chunk :: else fi;
  atomic { if :: mine == top_token -> finished = true; goto gone :: else fi };
lost:
  if :: finished :: top_token < LEASES && top_token % 2 == m -> goto again fi;
gone:
  atomic { mine = 0; base = 0; bound = 0; n = 0; from = 0 }
}

init {
  atomic {
    READ_WITHOUT;
    table[at(0, 0)] = 1; table[at(1, 1)] = 1; table[at(0, 2)] = 1;
    truth[0] = 1; truth[1] = 1; truth[2] = 1;
    run Client(); run Mover(0); run Mover(1)
  };
  atomic {
    _nr_pr == 1;
    must(table[at(0, 0)] == truth[0] && table[at(0, 1)] == truth[1] && table[at(1, 2)] == truth[2], LOST_WRITE);
    must(table[at(1, 0)] == 0 && table[at(1, 1)] == 0 && table[at(0, 2)] == 0, LEFTOVER)
  }
}
