/*
 * A mover, or any process that lowers, that was stopped and wakes in another life: after a take-over, after a plan was dropped, after the
 * disarming, in the next plan.
 *
 * One position, marks 0 and 1. Plan 1 moves it from S to T under token 1, whose mover stops somewhere; another mover with token 2 either
 * drops the plan or finishes it; then plan 2 (token 3) moves the position again, from whoever owns it to the other. At any time up to
 * two statements of the old mover arrive, any of those that it could have had on its way. Triggers are armed while a plan lives, so what
 * stops it after that is in its own transactions.
 */
#include "common.pml"

#define MARK_TOKEN 1          /* fails FROZEN UNVERIFIED WRONG_COMMIT UNPROTECTED TWO_OWNERS WRONG_DELETE : updates of marks do not compare the token */
#define TRANSACTION_TOKEN 2   /* fails WRONG_DELETE UNVERIFIED LOST_WRITE LEFTOVER : transactions on table rows do not compare the token */
#define TOKENS_FIRST 3        /* fails FROZEN : dropping a plan raises tokens only where it finds the row frozen */
#define TOKENS_KEPT 4         /* fails FROZEN WRONG_DELETE UNVERIFIED WRONG_COMMIT UNPROTECTED TWO_OWNERS : the rows of a next plan start with token 0 */
#define ROW_VERSION 5         /* fails TWO_OWNERS UNPROTECTED FROZEN : lowering, which has no token, does not ask for an older version of the row */
#define NEW_LEASE 6           /* fails WRONG_COMMIT UNPROTECTED TWO_OWNERS : a lease does not raise the version */
#define LEASE_PER_PLAN 7      /* fails FROZEN UNVERIFIED WRONG_COMMIT WRONG_DELETE TWO_OWNERS LOST_WRITE LEFTOVER : tokens start again with each plan */
#define SET_BACK_LEASE 8      /* fails TWO_OWNERS UNPROTECTED : after its own swap was sent, a mover sets back under the same lease */

#define S 0
#define T 1
/* The topology. `owner` is the rule in force for the position. */
byte version = 1; bool owner; bool committed_1; byte committed_version; byte top_token = 1;

byte watermark[2] = 1; byte frontier[2] = 1; byte token[2]; byte row_version[2] = 1;
bool old_owner; bool armed = true;      /* the row's rule on both shards: old_owner had it, the other one gets it */
byte table[2]; byte truth = 1; bool old_over; bool client_over;
bool verified;      /* the old mover has frozen, copied and verified, so its swap may be under way */
bool swapped;       /* its swap was stored; it never sets back, clears or copies after that under the same lease */

#define new_owner (1 - old_owner)
#define may_write(shard) (((shard) == new_owner && watermark[shard] == 0) || ((shard) == old_owner && frontier[shard] == 1))
#define one_owner must(!armed || !(may_write(S) && may_write(T)), TWO_OWNERS); must(!armed || !may_write(1 - owner), UNPROTECTED)

/* One write at any time, on the owner; refused while frozen. */
proctype Client() {
  atomic { (!armed || may_write(owner)) -> truth = 2; table[owner] = 2; client_over = true }
}

/* Each is one transaction of the mover of plan 1, which goes from S to T. */
proctype OldMover() {
  byte sent, buffer;
  buffer = table[S];
  do
  :: sent < 2 -> sent++;
    if
    :: atomic { (token[S] <= 1 || without(MARK_TOKEN)) -> token[S] = 1; frontier[S] = 0; one_owner }                       /* freeze */
    :: atomic { (token[T] <= 1 || without(MARK_TOKEN)) -> token[T] = 1; frontier[T] = 0; one_owner }
    :: atomic { (!swapped || without(SET_BACK_LEASE)) && (token[S] <= 1 || without(MARK_TOKEN)) -> token[S] = 1; frontier[S] = watermark[S]; verified = false; one_owner }      /* set back */
    :: atomic { !swapped && (token[T] == 1 || without(TRANSACTION_TOKEN)) && table[T] != 0 -> must(owner != T, WRONG_DELETE); table[T] = 0; verified = false }       /* clear */
    :: atomic { !swapped && (token[T] == 1 || without(TRANSACTION_TOKEN)) && buffer != 0 -> must(owner != T, WRONG_DELETE); table[T] = buffer }     /* copy */
    :: atomic { committed_1 && (token[S] == 1 || without(TRANSACTION_TOKEN)) && table[S] != 0 -> must(owner != S, WRONG_DELETE); table[S] = 0 }
    :: atomic { verified && version == 1 ->                                                                                    /* swap */
        must(frontier[S] == 0 && table[S] == truth && table[T] == truth && old_owner == S, WRONG_COMMIT);
        version++; owner = T; committed_1 = true; committed_version = version; swapped = true }
    :: atomic { committed_1 && watermark[S] > 0 && (row_version[S] < committed_version || without(ROW_VERSION)) ->          /* lower */
        watermark[S] = 0; frontier[S] = 0; row_version[S] = committed_version; one_owner }
    :: atomic { committed_1 && watermark[T] > 0 && (row_version[T] < committed_version || without(ROW_VERSION)) ->
        watermark[T] = 0; frontier[T] = 0; row_version[T] = committed_version; one_owner }
    :: true
    fi
  :: break
  od;
  old_over = true
}

#define mark(shard, mine) token[shard] <= mine -> token[shard] = mine
#define lower(shard, mine) atomic { mark(shard, mine); watermark[shard] = 0; frontier[shard] = 0; row_version[shard] = version; one_owner }

/* The whole way of one chunk, from `old_owner` to the other, without stops. */
inline move(mine) {
  atomic { mark(new_owner, mine); frontier[new_owner] = 0; one_owner };
  atomic { if :: token[new_owner] == mine -> table[new_owner] = 0 :: else fi };
  atomic { mark(old_owner, mine); frontier[old_owner] = 0; one_owner };
  atomic { if :: token[new_owner] == mine -> table[new_owner] = table[old_owner] :: else fi };
  atomic { must(table[new_owner] == table[old_owner], UNVERIFIED); verified = false };
  atomic {
    must(frontier[old_owner] == 0 && table[old_owner] == truth && table[new_owner] == truth, WRONG_COMMIT);
    owner = new_owner; version++;
    if :: new_owner == T && mine == 2 -> committed_1 = true; committed_version = version :: else fi
  };
  lower(new_owner, mine); lower(old_owner, mine);
  atomic { must(owner != old_owner, WRONG_DELETE); table[old_owner] = 0 }
}

proctype Main() {
  /* A new lease: a swap. */
  atomic { if :: !without(NEW_LEASE) -> version++ :: else fi; top_token = 2 };
  if
  :: atomic { committed_1 -> skip };                  /* the old swap came first: roll forward */
    lower(T, 2); lower(S, 2);
    atomic { token[S] == 2 -> must(owner != S, WRONG_DELETE); table[S] = 0 }
  :: atomic { !committed_1 -> skip };
    if
    :: /* drop: raise the tokens on every shard, clear, set back */
      atomic { if :: frontier[T] == 0 || !without(TOKENS_FIRST) -> mark(T, 2); frontier[T] = 1; watermark[T] = 1 :: else fi; one_owner };
      atomic { if :: frontier[S] == 0 || !without(TOKENS_FIRST) -> mark(S, 2); frontier[S] = 1; watermark[S] = 1 :: else fi; one_owner };
      if :: !without(TOKENS_FIRST) -> atomic { must(owner != T, WRONG_DELETE); table[T] = 0 } :: else fi
    :: /* finish: raise, set back, move */
      atomic { mark(T, 2); frontier[T] = 1; one_owner };
      atomic { mark(S, 2); frontier[S] = 1; one_owner };
      move(2)
    fi
  fi;
  /* The plan is gone: rows at rest (one rule, so marks say nothing), triggers dropped; or, dropped and kept armed, the old rule. */
  if
  :: owner == S && !committed_1 ->
    (client_over || may_write(S));
    if :: old_over -> must(frontier[S] == 1, FROZEN) :: true fi
  :: else
  fi;
  atomic { version++; armed = false };
  /* Plan 2 cuts the rows anew, with the tokens that they had, and arms. */
  atomic {
    version++; old_owner = owner;
    watermark[S] = 1; frontier[S] = 1; row_version[S] = version; watermark[T] = 1; frontier[T] = 1; row_version[T] = version;
    if :: without(TOKENS_KEPT) -> token[S] = 0; token[T] = 0 :: else fi;
    if :: without(LEASE_PER_PLAN) -> token[S] = 1; token[T] = 1 :: else fi;
    armed = true; one_owner
  };
  if
  :: !without(LEASE_PER_PLAN) -> top_token = 3;
    atomic { mark(T, 3); frontier[T] = 1; one_owner }; atomic { mark(S, 3); frontier[S] = 1; one_owner }; move(3)
  :: else -> top_token = 1;
    atomic { mark(T, 1); frontier[T] = 1; one_owner }; atomic { mark(S, 1); frontier[S] = 1; one_owner }; move(1)
  fi;
  atomic { version++; armed = false };
  old_over && client_over;
  must(table[owner] == truth, LOST_WRITE);
  must(table[1 - owner] == 0, LEFTOVER)
}

init {
  atomic { READ_WITHOUT; table[S] = 1; token[S] = 1; token[T] = 1; if :: frontier[S] = 0; frontier[T] = 0; if :: table[T] = 1; verified = true :: true fi :: true fi;
    run Client(); run OldMover(); run Main() }
}
