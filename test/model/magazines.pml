/* pool/registry.hpp, pool/thread_cache.hpp and pool/basic_cached_pool.hpp: magazines of threads that end, of pools that
 * die and whose number is used again, with tables that grow and a fork in between.
 *
 *     instance 0: pool A, number 0, dies         instance 1: pool B, number 1, lives
 *     instance 2: pool C, number 0 again, born after A died; its memory comes from B, asked for under C's lock
 *
 * Blocks are counted, per pool: free in slabs, held in a magazine, live. Controls, each of which must be found out:
 *     -DNO_TABLES           a table grows, and a dying pool clears entries, without the lock `tables`
 *     -DDEATH_ALONE         a pool dies without the lock `members`
 *     -DOLDEST_FIRST        a fork takes the pools' locks oldest first
 */
#define CAPACITY 3
#define NONE 255
#define MAGAZINE(i, t) ((i) * 2 + (t))
#define NUMBER(i) ((i) == 1)
#define ENTRY(t, n) entry[(t) * 2 + (n)]

bit members, tables, pool[3];  /* the locks */
bool alive[3], done_with_a[2];
byte entry[4] = NONE;          /* the tables of two threads, two numbers each */
bool valid[6];                 /* magazines that exist; also: are in their pool's list */
byte held[6], slabs[3], live[3], finished;

inline lock(l) { atomic { l == 0 -> l = 1 } }
inline unlock(l) { l = 0 }

/* A table is copied to a larger one, which takes its place. */
inline grow_table() {
#ifndef NO_TABLES
    lock(tables);
#endif
    copy0 = ENTRY(t, 0);
    copy1 = ENTRY(t, 1);
    ENTRY(t, 0) = copy0;
    ENTRY(t, 1) = copy1;
    copy0 = 0; copy1 = 0;
#ifndef NO_TABLES
    unlock(tables)
#endif
}

inline make_magazine(i) {
    grow_table();
    lock(pool[i]);
    assert(!valid[MAGAZINE(i, t)]);
    valid[MAGAZINE(i, t)] = true;
    unlock(pool[i]);
    ENTRY(t, NUMBER(i)) = MAGAZINE(i, t)
}

/* Takes a block; a refill is one block. */
inline create(i) {
    if
    :: ENTRY(t, NUMBER(i)) == NONE -> make_magazine(i)
    :: else
    fi;
    assert(ENTRY(t, NUMBER(i)) == MAGAZINE(i, t));  /* not one of the pool that had the number before */
    assert(valid[MAGAZINE(i, t)]);
    if
    :: held[MAGAZINE(i, t)] == 0 ->
       lock(pool[i]);
       assert(slabs[i] > 0);
       slabs[i]--;
       held[MAGAZINE(i, t)]++;
       unlock(pool[i])
    :: else
    fi;
    atomic { held[MAGAZINE(i, t)]--; live[i]++ }
}

inline destroy(i) {
    assert(valid[MAGAZINE(i, t)]);
    atomic { live[i]--; held[MAGAZINE(i, t)]++ }
}

inline end_thread() {
    lock(members);
    number = 0;
    do
    :: number < 2 ->
       m = ENTRY(t, number);
       if
       :: m != NONE ->
          ENTRY(t, number) = NONE;
          lock(pool[m / 2]);
          assert(valid[m]);
          atomic { slabs[m / 2] = slabs[m / 2] + held[m]; held[m] = 0; valid[m] = false };
          unlock(pool[m / 2])
       :: else
       fi;
       number++
    :: else -> break
    od;
    unlock(members);
    number = 0; m = 0
}

proctype thread(byte t) {
    byte copy0, copy1, number, m;
    create(0);
    destroy(0);
    done_with_a[t] = true;
    if
    :: true  /* ends at once, perhaps while A dies */
    :: true ->
       create(1);  /* first use of B, perhaps while A dies */
       destroy(1)
    :: atomic { alive[2] -> skip };  /* C has A's number */
       if
       :: ENTRY(t, 0) == NONE -> make_magazine(2)
       :: else
       fi;
       assert(ENTRY(t, 0) == MAGAZINE(2, t));
       lock(pool[2]);
       create(1);  /* C's memory is a block of B's */
       slabs[2]++;
       unlock(pool[2]);
       create(2);
       destroy(2)
    fi;
    end_thread();
    /* Another key's destructor frees later still: straight to the slabs. */
    lock(pool[1]);
    slabs[1]--;
    slabs[1]++;
    unlock(pool[1]);
    finished++
}

proctype death_and_birth() {
    byte t;
    done_with_a[0] && done_with_a[1];
#ifndef DEATH_ALONE
    lock(members);
#endif
    do
    :: t < 2 ->
       if
       :: valid[MAGAZINE(0, t)] ->
          lock(pool[0]);
          atomic { slabs[0] = slabs[0] + held[MAGAZINE(0, t)]; held[MAGAZINE(0, t)] = 0 };
          unlock(pool[0]);
#ifndef NO_TABLES
          lock(tables);
#endif
          ENTRY(t, 0) = NONE;
#ifndef NO_TABLES
          unlock(tables);
#endif
          valid[MAGAZINE(0, t)] = false
       :: else
       fi;
       t++
    :: else -> break
    od;
    assert(slabs[0] == CAPACITY);
    alive[0] = false;
#ifndef DEATH_ALONE
    unlock(members);
#endif
    t = 0;
    lock(members);
    alive[2] = true;
    unlock(members);
    finished++
}

proctype fork() {
    bool had[3];
    lock(members);
#ifdef OLDEST_FIRST
    if :: alive[0] -> lock(pool[0]); had[0] = true :: else fi;
    lock(pool[1]);
    if :: alive[2] -> lock(pool[2]); had[2] = true :: else fi;
#else
    if :: alive[2] -> lock(pool[2]); had[2] = true :: else fi;
    lock(pool[1]);
    if :: alive[0] -> lock(pool[0]); had[0] = true :: else fi;
#endif
    lock(tables);
    unlock(tables);
    if :: had[0] -> unlock(pool[0]) :: else fi;
    unlock(pool[1]);
    if :: had[2] -> unlock(pool[2]) :: else fi;
    unlock(members);
    finished++
}

init {
    atomic {
        alive[0] = true;
        alive[1] = true;
        slabs[0] = CAPACITY;
        slabs[1] = CAPACITY;
        run thread(0);
        run thread(1);
        run death_and_birth();
        run fork()
    }
    finished == 4;
    assert(slabs[1] + live[1] == CAPACITY);
    assert(slabs[2] == live[1] && live[2] == 0)
}
