/* adaptor/shared_segment.hpp: processes join a segment, claim, publish, hand on, free, sweep and leave, and die between any two steps.
 *
 * Each look at a shared word is a step of its own, as is each swap and each question to the kernel. The reaper kills: the victim's next step
 * never comes, and the kernel's marks of it are gone. `holder` is what the words should mean: who may use a block.
 *
 * What is shown: nobody frees or takes what somebody alive owns, but by destroy and adopt; nobody alive is ended; once all are
 * gone, one sweep leaves every block and every seat free.
 *
 * Protocols that must fail, each with one order or one number left out:
 *     -DKERNEL_FIRST     a sweeper asks the kernel for the mark before it looks at the seat
 *     -DOWNER_FIRST      a sweeper looks at the seat before the word that names it
 *     -DNO_INCARNATION   words name the seat alone
 *     -DSEAT_FIRST       a joiner marks the seat as taken before it has the kernel's mark
 */
#ifndef OPS
#define OPS 2
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define SEATS 2
#ifndef BLOCKS
#define BLOCKS 1
#endif

/* Owner words: generation * 64 + incarnation * 16 + seat * 4 + state. */
#define FREE 0
#define MAKING 1
#define LIVE 2
#define LEAVING 3
#define state_of(w) ((w) & 3)
#define seat_of(w) (((w) >> 2) & 3)
#define incarnation_of(w) (((w) >> 4) & 3)
#define generation_of(w) ((w) >> 6)
#ifdef NO_INCARNATION
#define bits(seat, incarnation) ((seat) << 2)
#else
#define bits(seat, incarnation) ((incarnation) << 4 | (seat) << 2)
#endif
#define in_state(w, state, owner) (((w) >> 6) << 6 | (owner) | (state))
#define freed(w) ((generation_of(w) + 1) << 6)

/* Marks of seats: incarnation * 4 + state. */
#define TAKEN 1
#define ENDING 2
#ifdef NO_INCARNATION
#define is_owner(m, w) (((m) & 3) == TAKEN)
#else
#define is_owner(m, w) (((m) & 3) == TAKEN && (((m) >> 2) & 3) == incarnation_of(w))
#endif

short word[BLOCKS];
byte seat[SEATS + 1];      /* from 1 on */
byte kernel[SEATS + 1];    /* who holds the kernel's mark */
byte sits[SEATS + 1];      /* who has been given the seat, and is neither dead nor leaving */
byte holder[BLOCKS];       /* who owns the block; 0: nobody */
bool dead[5];
bool gone[5];      /* dead, or left */
byte finished;

#define of_the_living(b) (holder[b] != 0 && !gone[holder[b]])
#define clear() my_seat = 0; me_bits = 0; held = 0; ops = 0; ended[1] = 0; ended[2] = 0; forget()
#define forget() m = 0; w = 0; owner = 0; b = 0; s = 0

inline free_block(b, w) {  /* w becomes 0 where it was done */
    atomic {
        if
        :: word[b] == w -> word[b] = freed(w); holder[b] = 0; w = 0
        :: else
        fi
    }
}

inline end_if_dead(s) {    /* m: the mark after */
#ifdef KERNEL_FIRST
    held = kernel[s];
    m = seat[s];
    if
    :: (m & 3) == TAKEN && s != my_seat && held == 0 ->
#else
    m = seat[s];
    if
    :: (m & 3) == TAKEN && s != my_seat && kernel[s] == 0 ->
#endif
       atomic {
           if
           :: seat[s] == m ->
              assert(sits[s] == 0 || dead[sits[s]]);
              sits[s] = 0; seat[s] = (m & ~3) | ENDING; m = seat[s]
           :: else -> m = seat[s]
           fi
       }
    :: else
    fi;
    held = 0
}

inline vacate(s, m) {
    atomic {
        if
        :: seat[s] == m -> seat[s] = ((m >> 2) + 1) << 2
        :: else
        fi
    }
}

/* One block, for an owner `mine` who may keep what it finds; 0: without a visitor. */
inline sweep_block(b, mine) {
#ifdef OWNER_FIRST
    m = seat[seat_of(word[b])];
    w = word[b];
#else
    w = word[b];
    m = seat[seat_of(w)];
#endif
    if
    :: state_of(w) != FREE && !is_owner(m, w) ->
       if
       :: mine != 0 && state_of(w) != MAKING ->
          atomic {
              if
              :: word[b] == w ->
                 assert(!of_the_living(b));
                 word[b] = in_state(w, LEAVING, mine); w = word[b]; holder[b] = me
              :: else -> w = 0
              fi
          }
       :: else
       fi;
       if
       :: w != 0 && state_of(w) == LEAVING && (w & 63) == (mine | LEAVING) -> /* the visit */
          if
          :: atomic { assert(word[b] == w && holder[b] == me); word[b] = in_state(w, LIVE, mine) }
          :: atomic { assert(word[b] == w && holder[b] == me); word[b] = freed(w); holder[b] = 0 }
          fi
       :: w != 0 && !(state_of(w) == LEAVING && (w & 63) == (mine | LEAVING)) ->
          atomic {
              if
              :: word[b] == w -> assert(!of_the_living(b)); word[b] = freed(w); holder[b] = 0
              :: else
              fi
          }
       :: else
       fi
    :: else
    fi;
    w = 0; m = 0
}

inline sweep(mine) {
    s = 1;
    do
    :: s <= SEATS -> end_if_dead(s); atomic { ended[s] = ((m & 3) == ENDING -> m : 0); m = 0; s++ }
    :: else -> break
    od;
    b = 0;
    do
    :: b < BLOCKS -> sweep_block(b, mine); b++
    :: else -> break
    od;
    s = 1;
    do
    :: s <= SEATS ->
       if
       :: ended[s] != 0 -> vacate(s, ended[s])
       :: else
       fi;
       atomic { ended[s] = 0; s++ }
    :: else -> break
    od;
    atomic { forget() }
}

inline take_seat() {       /* my_seat, owner */
    s = 1;
    do
    :: s <= SEATS ->
       m = seat[s];
#ifdef SEAT_FIRST
       if
       :: (m & 3) == FREE ->
          atomic {
              if
              :: seat[s] == m -> seat[s] = m | TAKEN; my_seat = s; me_bits = bits(s, m >> 2); sits[s] = me
              :: else
              fi
          }
          if
          :: my_seat != 0 -> kernel[s] = me; break
          :: else
          fi
       :: else
       fi;
#else
       if
       :: (m & 3) == FREE ->
          atomic { held = (kernel[s] == 0); if :: held -> kernel[s] = me :: else fi }
          if
          :: held ->
             m = seat[s];
             atomic {
                 if
                 :: (m & 3) == FREE && seat[s] == m ->
                    seat[s] = m | TAKEN; my_seat = s; me_bits = bits(s, m >> 2); sits[s] = me
                 :: else
                 fi
             }
             if
             :: my_seat != 0 -> break
             :: else -> kernel[s] = 0
             fi
          :: else
          fi
       :: else
       fi;
#endif
       atomic { m = 0; held = 0; s++ }
    :: else -> break
    od;
    atomic { forget(); held = 0 }
}

inline create(b) {
    w = word[b];
    if
    :: state_of(w) == FREE ->
       atomic {
           if
           :: word[b] == w ->
              assert(!of_the_living(b));
              word[b] = in_state(w, MAKING, me_bits); w = word[b]; holder[b] = me
           :: else -> w = 0
           fi
       }
       if
       :: w != 0 -> /* the constructor */
          if
          :: atomic { assert(word[b] == w && holder[b] == me); word[b] = in_state(w, LIVE, me_bits) }
          :: atomic { assert(word[b] == w && holder[b] == me); word[b] = freed(w); holder[b] = 0 } /* it throws */
          fi
       :: else
       fi
    :: else
    fi
}

inline destroy(b) {
    w = word[b];
    if
    :: state_of(w) == LIVE -> free_block(b, w)
    :: else
    fi
}

inline adopt(b) {
    w = word[b];
    if
    :: state_of(w) == LIVE ->
       atomic {
           if
           :: word[b] == w -> word[b] = in_state(w, LIVE, me_bits); holder[b] = me
           :: else
           fi
       }
    :: else
    fi
}

/* To whoever sits there when it is looked at. */
inline give(b, to) {
    atomic { m = seat[to]; owner = sits[to] }
    if
    :: (m & 3) == TAKEN ->
       w = word[b];
       if
       :: state_of(w) == LIVE ->
          atomic {
              if
              :: word[b] == w ->
                 word[b] = in_state(w, LIVE, bits(to, m >> 2));
                 holder[b] = owner
              :: else
              fi
          }
       :: else
       fi
    :: else
    fi
}

inline leave() {
    atomic {
        m = seat[my_seat];
        assert((m & 3) == TAKEN && sits[my_seat] == me); /* nobody took me for dead */
        m = (m & ~3) | ENDING; seat[my_seat] = m; sits[my_seat] = 0; gone[me] = true
    }
    b = 0;
    do
    :: b < BLOCKS ->
       w = word[b];
       if
       :: state_of(w) != FREE && (w & 60) == me_bits -> free_block(b, w)
       :: else
       fi;
       w = 0; b++
    :: else -> break
    od;
    vacate(my_seat, m);
    kernel[my_seat] = 0
}

proctype user(byte me) {
    byte my_seat, m, s, b, ops, owner;
    byte ended[SEATS + 1];
    short me_bits, w;
    bool held;
    again:
    {
        take_seat();
        if
        :: my_seat == 0 -> sweep(0); take_seat()
        :: else
        fi;
        if
        :: my_seat != 0 ->
           do
           :: ops < OPS ->
              ops++;
              if
              :: (me & 1) -> create(ops % BLOCKS)
              :: (me & 1) -> destroy(ops % BLOCKS)
              :: adopt(ops % BLOCKS)
              :: (me & 1) -> give(ops % BLOCKS, 3 - my_seat)
              :: me == 2 -> sweep(me_bits)
              :: me == 2 -> sweep(0)
              fi;
              atomic { forget() }
           :: break
           od;
           leave()
        :: else -> gone[me] = true
        fi
    } unless { dead[me] };
    atomic {
        clear();
        if
        :: me == 1 -> me = 3; goto again
        :: else -> me = 0; finished++
        fi
    }
}

proctype reaper() {
    byte deaths, p, s;
end:
    do
    :: atomic {
           deaths < DEATHS ->
           select (p : 1 .. 3);
           if
           :: !gone[p] ->
              dead[p] = true; gone[p] = true; deaths++;
              s = 1;
              do
              :: s <= SEATS && kernel[s] == p -> kernel[s] = 0; s++
              :: s <= SEATS && kernel[s] != p -> s++
              :: else -> break
              od
           :: else
           fi;
           p = 0; s = 0
       }
    od
}

init {
    byte my_seat, m, s, b, owner;
    byte ended[SEATS + 1];
    short w;
    bool held;
    byte me = 4;
    atomic {
        run user(1);
        run user(2);
        run reaper();
        b = 0
    }
    finished == 2;
    atomic { b = 0; do :: b < 3 -> b++; gone[b] = true :: else -> break od; b = 0 }
    atomic { s = 1; do :: s <= SEATS -> kernel[s] = 0; s++ :: else -> break od; s = 0 } /* who had no seat left none */
    sweep(0);
    b = 0;
    do
    :: b < BLOCKS -> assert(state_of(word[b]) == FREE); b++
    :: else -> break
    od;
    s = 1;
    do
    :: s <= SEATS -> assert((seat[s] & 3) == FREE && kernel[s] == 0); s++
    :: else -> break
    od
}
