/*
 * What every model here shares: the promises that are checked, and how one defence is taken out.
 *
 * A model lists its defences as `#define NAME number` with what must be found without it; the code asks `without(NAME)`.
 * The compiled model reads the number from the environment (WITHOUT=3 ./pan), so that it is compiled once; 0 takes nothing out.
 */

/* Promises. Each is a number, so that the violated one can be told from what the verifier prints. */
#define LOST_WRITE 1      /* an acknowledged write is gone, or a deleted row is back, where the owner keeps its rows */
#define WRONG_SHARD 2     /* a write was acknowledged by a shard that the topology does not name as owner */
#define TWO_OWNERS 3      /* two shards let ordinary sessions write the same position */
#define BELIEVED_ZERO 4   /* "0 rows" was believed though the row exists */
#define BACK_IN_TIME 5    /* a read did not see an earlier write of the same process, or saw a part of a position's rows */
#define WRONG_COMMIT 6    /* a chunk was committed whose copy differs, or that an open transaction could still change */
#define WRONG_DELETE 7    /* a mover deleted rows that their owner needs */
#define WRONG_COUNT 8     /* a scatter read counted a row twice or not at all, or a scatter write did not touch each row once */
#define UNVERIFIED 9      /* the verification before the commit found a difference */
#define UNPROTECTED 10    /* a shard let a position be written that nobody may write: frozen, or already moved */
#define LEFTOVER 11       /* at the end a shard still has rows that it does not own */
#define FROZEN 12         /* a range stays frozen or marked though nothing is planned */

#define must(condition, promise) assert((condition) || promise == 0)

byte without;
#define without(defence) (without == defence)
#define READ_WITHOUT c_code { char *text = getenv("WITHOUT"); now.without = text ? (unsigned char) atoi(text) : 0; }
