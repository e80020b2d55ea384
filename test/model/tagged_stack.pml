/* freelist/tagged_stack.hpp: pops and pushes of several threads, step by step.
 *
 * Every read and every swap is a step of its own; the two halves of the head are read one after the other, as wide_head
 * does. The tag is a byte: no execution here changes the head 256 times, so it never comes round.
 * -DTAGGED=0 leaves the tag out of the comparison: the textbook's list, for which the checker must find the fault.
 */
#ifndef TAGGED
#define TAGGED 1
#endif
#define BLOCKS 3
#define THREADS 2
#define ROUNDS 2
#define NONE 0

byte top, tag;
byte next[BLOCKS + 1];    /* blocks are numbered from 1 */
byte owners[BLOCKS + 1];
byte finished;

inline pop(got) {
    do
    :: seen_tag = tag;
       seen = top;
       if
       :: seen == NONE -> got = NONE; break
       :: else
       fi;
       link = next[seen];  /* may be stale, or of a block that another thread owns by now */
       atomic {
           if
           :: top == seen && (!TAGGED || tag == seen_tag) ->
              top = link; tag++; got = seen;
              owners[got]++;
              assert(owners[got] == 1);
              break
           :: else
           fi
       }
    od;
    seen = 0; seen_tag = 0; link = 0
}

inline push(block) {
    owners[block]--;
    do
    :: seen_tag = tag;
       seen = top;
       next[block] = seen;
       atomic {
           if
           :: top == seen && (!TAGGED || tag == seen_tag) -> top = block; tag++; break
           :: else
           fi
       }
    od;
    seen = 0; seen_tag = 0
}

/* Takes two blocks and gives them back in either order: pop a, pop b, push a is what deceives a list without tags. */
proctype user() {
    byte first, second, seen, seen_tag, link, round;
    do
    :: round == ROUNDS -> break
    :: else ->
       round++;
       pop(first);
       pop(second);
       if
       :: first != NONE -> push(first); first = NONE
       :: second != NONE -> push(second); second = NONE
       :: else
       fi;
       if
       :: first != NONE -> push(first); first = NONE
       :: second != NONE -> push(second); second = NONE
       :: else
       fi
    od;
    finished++
}

init {
    byte i = 1, length, at;
    atomic {
        do
        :: i < BLOCKS -> next[i] = i + 1; i++
        :: else -> break
        od;
        top = 1;
        i = 0;
        do
        :: i < THREADS -> run user(); i++
        :: else -> break
        od
    }
    finished == THREADS;
    d_step {
        at = top;
        do
        :: at != NONE && length <= BLOCKS -> length++; at = next[at]
        :: else -> break
        od;
        assert(length == BLOCKS)  /* none lost, none twice on the list */
    }
}
