/*
 * The protocol of docs/PROTOCOL.md, small enough to be searched whole: a head with its ledger, two
 * workers, a sink with its record, while jobs and results are lost at will, decoders die, and head,
 * sink and workers are killed and started again. CMakeLists.txt says for what it is searched.
 *
 * Each `::` of a process is a rule: when what is before its arrow holds, the rest may happen, in
 * one step. There is no clock: a deadline is a rule that may fire whenever it could in the program;
 * fired too early, because somebody is slow, it costs a STALL. A stopped process needs no rule: it
 * is one whose rules are not chosen for a while. Each rule leads on and faults are bounded where
 * they could go on for ever. So there may be no circle of states, and where nothing can happen any
 * more the run must be finished: both together say that each image ends recorded.
 *
 * Attempts have no numbers: all that is asked of one is whether it is the live one, so each copy of
 * a job has an age. Each rule marked without() can be taken away; the search must find that out.
 */
#define WORKERS 2
#ifndef IMAGES
#define IMAGES 2
#endif
#define LAST (IMAGES - 1)
#define NOBODY WORKERS
#define BLAME_MAX 2      /* as in ventilator/ledger_returns.c */
#define UNRECORDED_MAX 3 /* as in ventilator/ledger_time.c */
/* Faults; jobs pushed are lost at will in any case. A head that has finished "dies" as well: then
 * the next run begins. STALLS: leases lapse, connections break, answers come too late. */
#ifndef WORKER_DEATHS
#define WORKER_DEATHS 0
#endif
#ifndef SINK_DEATHS
#define SINK_DEATHS 0
#endif
#ifndef HEAD_DEATHS
#define HEAD_DEATHS 0
#endif
#ifndef STALLS
#define STALLS 0
#endif
#ifndef LOSSY
#define LOSSY false /* true: results are lost at will */
#endif
#ifndef FRAGILE
#define FRAGILE false /* true: decoders die at will */
#endif
/* A rule that is taken away: a result is RECORDED before the job is forgotten, and committed before
 * that; what was lost goes the sure way; DONE is forgotten when the sink is idle, TAKEN when a beat
 * does not list it; a worker's death is not its jobs'; the first result counts; the token is looked
 * at before a file is renamed, and is written before files aside are removed. */
mtype:rule = { NO_RULE, RECORDED, COMMIT, SURE_WAY, IDLE, LIST, PARDON, FIRST, TOKEN, ORDER };
#ifndef WITHOUT
#define WITHOUT NO_RULE
#endif
#define without(rule) (WITHOUT == rule)

byte worker_deaths = WORKER_DEATHS, sink_deaths = SINK_DEATHS, head_deaths = HEAD_DEATHS;
byte stalls = STALLS;

/* The head. SURE: READY_SURE, or READY_APART when there is somebody to avoid. */
mtype:head = { DOWN, OPENING, RUNNING, FINISHED };
mtype:entry = { UNASKED, READY, SURE, PUSHED, SENT, TAKEN, DONE, SETTLING, OVER };
mtype:head head = RUNNING;
mtype:entry entry[IMAGES] = UNASKED;
byte holder[IMAGES] = NOBODY, avoid[IMAGES] = NOBODY, blame[IMAGES], unrecorded[IMAGES];
bool known[WORKERS], doubted[WORKERS];
byte crew; /* how many are known */

/* Workers, and their copies of jobs: of the live attempt, of an earlier one, of an earlier run, and
 * of that with its file aside removed. */
mtype:life = { UP, KILLED, BURIED };
mtype:copy = { NONE, COMING, WRITING, CHECKED, PLACED };
mtype:age = { LIVE, STALE, OLD, FENCED };
#define at(w, i) ((w) * IMAGES + (i))
mtype:life worker[WORKERS] = UP;
mtype:copy copy[WORKERS * IMAGES] = NONE;
mtype:age age[WORKERS * IMAGES] = LIVE;
bool welcome[WORKERS], lease[WORKERS]; /* it knows this head; it may publish, by its own clock */

/* On the way to the head, about the live attempt, and who says so: TAKEN, then how it ended. */
mtype:word = { NOTHING, ITS_DONE, ITS_DEATH };
byte speaker[IMAGES] = NOBODY;
bool its_taken[IMAGES];
mtype:word word[IMAGES] = NOTHING;
/* On the way to the sink: results of this run, of an earlier one with the same options. */
bool result[IMAGES], late[IMAGES];
bool token_is_new; /* in DEST; workers of an earlier run know another */
bool other;        /* an earlier run had other options */

/* The sink: put and not committed, to be acknowledged. The record: for these options, and whether
 * that state is counted in its latest run. */
mtype:state = { PENDING, MADE, FAILED, QUARANTINED, FRESH, LATE };
mtype:life sink = UP;
bool started; /* it collects for this head */
mtype:state waits[IMAGES] = PENDING, row[IMAGES] = PENDING;
bool owed[IMAGES], counted[IMAGES], same_run;

byte decoders_died[IMAGES]; /* for an assertion */
hidden byte k, n;           /* of loops within one step */

#define is_counted(i) (counted[i] || (waits[i] != PENDING && waits[i] != LATE))
#define in_flight(i) (result[i] || waits[i] != PENDING || owed[i])
#define speaks(w, i) (speaker[i] == w && (its_taken[i] || word[i] != NOTHING))
#define unlisted(w, i) (entry[i] == TAKEN && holder[i] == w && !speaks(w, i) && \
                        (copy[at(w, i)] == NONE || age[at(w, i)] != LIVE))

/* The live attempt is over: its copy lives on, what is said of it is ignored. */
inline outdate(i, next)
{
    if
    :: speaker[i] != NOBODY && age[at(speaker[i], i)] == LIVE && copy[at(speaker[i], i)] != NONE ->
        age[at(speaker[i], i)] = STALE
    :: else
    fi;
    speaker[i] = NOBODY; its_taken[i] = false; word[i] = NOTHING; holder[i] = NOBODY;
    entry[i] = next
}

#define retry(i) outdate(i, (without(SURE_WAY) -> READY : SURE)) /* ledger_entry_retry() */

inline count_against(i, counter, most) /* returned_blamed(), result_lost() */
{
    counter++;
    if :: counter >= most -> outdate(i, SETTLING) :: else -> retry(i) fi
}

inline give_out(w, i) /* takes the place of a copy that w has of an earlier attempt */
{
    copy[at(w, i)] = COMING; age[at(w, i)] = LIVE; speaker[i] = w
}

proctype ledger(byte i) /* what the head does about a job */
{
end:do
    /* push_jobs(): round robin deals to whoever is connected, frozen and given up ones too. */
    :: atomic { head == RUNNING && entry[i] == READY ->
        entry[i] = PUSHED;
        if :: worker[0] == UP -> give_out(0, i) :: worker[1] == UP -> give_out(1, i) :: true fi }
    /* expire_jobs(): not TAKEN in time; lost or slow. */
    :: d_step { head == RUNNING && entry[i] == PUSHED -> retry(i) }
    :: d_step { head == RUNNING && entry[i] == SENT && (worker[holder[i]] != UP || stalls > 0) ->
        stalls = (worker[holder[i]] == UP -> stalls - 1 : stalls);
        doubted[holder[i]] = true;
        retry(i) }
    /* ledger_sink_idle(): the sink is heard and records nothing. */
    :: d_step { head == RUNNING && entry[i] == DONE && started && !without(IDLE) &&
            (!in_flight(i) || stalls > 0) ->
        stalls = (in_flight(i) -> stalls - 1 : stalls);
        count_against(i, unrecorded[i], UNRECORDED_MAX) }
    /* conversation_acknowledge(), ledger_recorded(): whatever attempt it was. */
    :: d_step { head == RUNNING && started && owed[i] &&
            (waits[i] == PENDING || without(COMMIT)) ->
        owed[i] = false;
        assert(counted[i]); /* RECORDED is committed */
        if
        :: entry[i] != OVER ->
            outdate(i, OVER); avoid[i] = NOBODY; blame[i] = 0; unrecorded[i] = 0
        :: else
        fi }
    od
}

proctype dispatch(byte w; byte i) /* what the head does about a job and a worker */
{
end:do
    /* ledger_next_sure(): to a chosen worker, another than the last if there is one. */
    :: d_step { head == RUNNING && entry[i] == SURE && known[w] && !doubted[w] &&
            (avoid[i] != w || crew == 1) ->
        entry[i] = SENT; holder[i] = w;
        if :: worker[w] == UP -> give_out(w, i) :: else fi }
    /* ledger_taken(), ledger_done(), ledger_returned(); who is not known is not heard: WHO. */
    :: d_step { head == RUNNING && speaker[i] == w && its_taken[i] ->
        its_taken[i] = false;
        if :: known[w] -> doubted[w] = false; entry[i] = TAKEN; holder[i] = w :: else fi }
    :: d_step { head == RUNNING && speaker[i] == w && !its_taken[i] && word[i] == ITS_DONE ->
        word[i] = NOTHING;
        if
        :: known[w] -> holder[i] = NOBODY; entry[i] = (without(RECORDED) -> OVER : DONE)
        :: else
        fi }
    :: d_step { head == RUNNING && speaker[i] == w && !its_taken[i] && word[i] == ITS_DEATH ->
        word[i] = NOTHING;
        if :: known[w] -> avoid[i] = w; count_against(i, blame[i], BLAME_MAX) :: else fi }
    od
}

inline give_up(w) /* ledger_worker_left() */
{
    for (k : 0 .. LAST) {
        if
        :: holder[k] == w && !without(PARDON) -> retry(k)
        :: holder[k] == w && without(PARDON) -> count_against(k, blame[k], BLAME_MAX)
        :: else
        fi
    }
    known[w] = false; doubted[w] = false; crew--
}

proctype presence(byte w) /* of a worker, at the head */
{
end:do
    /* crew_hello(), on_welcome(): jobs of an earlier run are forgotten, a first beat said. */
    :: d_step { head == RUNNING && worker[w] == UP && !known[w] ->
        for (k : 0 .. LAST) {
            if
            :: age[at(w, k)] == OLD || age[at(w, k)] == FENCED ->
                copy[at(w, k)] = NONE; age[at(w, k)] = LIVE
            :: else
            fi
        }
        known[w] = true; crew++; welcome[w] = true; lease[w] = true }
    /* ledger_beat(): what it took and does not list is not there any more. ALIVE: a lease. */
    :: d_step { head == RUNNING && known[w] && worker[w] == UP && !speaks(w, 0) &&
            !speaks(w, LAST) && (!lease[w] || doubted[w] ||
            (!without(LIST) && (unlisted(w, 0) || unlisted(w, LAST)))) ->
        for (k : 0 .. LAST) {
            if :: unlisted(w, k) && !without(LIST) -> retry(k) :: else fi
        }
        lease[w] = true; doubted[w] = false }
    /* ledger_expire(), after its own clock; crew_lost(): its connection breaks, before it. */
    :: d_step { head == RUNNING && known[w] && (!lease[w] || stalls > 0) ->
        stalls = (lease[w] -> stalls - 1 : stalls);
        give_up(w) }
    /* No ALIVE comes in time. */
    :: d_step { lease[w] && (head != RUNNING || !known[w] || stalls > 0) ->
        stalls = (head == RUNNING && known[w] -> stalls - 1 : stalls);
        lease[w] = false }
    od
}

#define has(phase) (worker[w] == UP && copy[at(w, i)] == phase)
#define its_age age[at(w, i)]
#define let_go() copy[at(w, i)] = NONE; its_age = LIVE

proctype hands(byte w; byte i) /* of a worker, on an image */
{
end:do
    /* on_job(), and publish_begin(): a file aside. Of another run than its own, it is dropped. */
    :: d_step { has(COMING) ->
        if
        :: its_age != OLD && !welcome[w] -> let_go()
        :: else -> copy[at(w, i)] = WRITING; its_taken[i] = its_taken[i] || its_age == LIVE
        fi }
    /* blame() */
    :: d_step { has(WRITING) && FRAGILE ->
        if
        :: its_age == LIVE -> word[i] = ITS_DEATH;
            decoders_died[i] = (decoders_died[i] < BLAME_MAX -> decoders_died[i] + 1 : BLAME_MAX)
        :: else
        fi;
        let_go() }
    /* publish(): the lease holds, and DEST is still our head's ... */
    :: d_step { has(WRITING) ->
        if
        :: !lease[w] || (its_age == OLD && token_is_new && !without(TOKEN)) -> let_go()
        :: else -> copy[at(w, i)] = CHECKED
        fi }
    /* ... and renamed, perhaps much later; a file that is not there cannot be. */
    :: d_step { has(CHECKED) ->
        assert(its_age != OLD || head != RUNNING); /* nothing of an earlier run over a later's */
        if :: its_age == FENCED -> let_go() :: else -> copy[at(w, i)] = PLACED fi }
    /* send_first(): into the pipe of a sink that is there, then DONE. */
    :: atomic { has(PLACED) && sink == UP ->
        if
        :: its_age == OLD -> late[i] = !other
        :: its_age != OLD -> result[i] = true
        :: LOSSY
        fi;
        word[i] = (its_age == LIVE -> ITS_DONE : word[i]);
        let_go() }
    /* on_cancel() */
    :: d_step { (has(COMING) || has(WRITING) || has(CHECKED)) && its_age == STALE && known[w] ->
        let_go() }
    od
}

proctype desk(byte i) /* the sink about an image */
{
end:do
    /* record_result(): the first counts. */
    :: d_step { started && result[i] ->
        result[i] = false; owed[i] = true;
        if
        :: !is_counted(i) || without(FIRST) -> waits[i] = MADE
        :: else
        fi }
    /* Of an earlier run it is kept when there is nothing, and not counted in this one. */
    :: d_step { started && late[i] ->
        late[i] = false;
        waits[i] = (row[i] == PENDING && waits[i] == PENDING -> LATE : waits[i]) }
    /* outcomes_turn(), record_outcome() */
    :: d_step { head == RUNNING && started && entry[i] == SETTLING && !owed[i] ->
        owed[i] = true;
        assert(blame[i] < BLAME_MAX || decoders_died[i] >= BLAME_MAX);
        assert(blame[i] >= BLAME_MAX || LOSSY || SINK_DEATHS + STALLS >= UNRECORDED_MAX);
        if
        :: !is_counted(i) -> waits[i] = (blame[i] >= BLAME_MAX -> QUARANTINED : FAILED)
        :: else
        fi }
    /* plan_turn(), record_ask(): what is not new is counted, and committed before the ANSWER. */
    :: d_step { head == RUNNING && started && entry[i] == UNASKED && waits[i] == PENDING ->
        if
        :: counted[i] -> entry[i] = OVER
        :: else -> if :: row[i] != PENDING -> waits[i] = FRESH :: else -> entry[i] = READY fi
        fi }
    od
}

inline empty_sink() /* what is not committed is undone */
{
    for (k : 0 .. LAST) { waits[k] = PENDING; owed[k] = false }
    started = false
}

proctype meeting() /* of head and sink */
{
end:do
    /* take_start(), record_start(): a sink started again continues, another run counts anew. */
    :: d_step { head == RUNNING && sink == UP && !started ->
        empty_sink();
        for (k : 0 .. LAST) { counted[k] = counted[k] && same_run }
        started = true; same_run = true }
    /* record_commit() */
    :: d_step { sink == UP && (waits[0] != PENDING || waits[LAST] != PENDING) ->
        for (k : 0 .. LAST) {
            assert(waits[k] == PENDING || waits[k] == LATE || !counted[k]); /* once, for good */
            counted[k] = is_counted(k);
            row[k] = (waits[k] == PENDING || waits[k] == FRESH -> row[k] :
                     (waits[k] == LATE -> MADE : waits[k]));
            waits[k] = PENDING
        }
        skip }
    /* take_finish(): the counts agree. */
    :: d_step { head == RUNNING && started && entry[0] == OVER && entry[LAST] == OVER ->
        assert(counted[0] && counted[LAST]);
        head = FINISHED }
    od
}

inline kill_worker(w)
{
    for (k : 0 .. LAST) {
        copy[at(w, k)] = NONE; age[at(w, k)] = LIVE;
        if
        :: speaker[k] == w -> speaker[k] = NOBODY; its_taken[k] = false; word[k] = NOTHING
        :: else
        fi
    }
    worker_deaths--; worker[w] = KILLED; lease[w] = false; welcome[w] = false
}

inline kill_head() /* every copy is of an earlier run now */
{
    for (n : 0 .. WORKERS - 1) {
        known[n] = false; doubted[n] = false; welcome[n] = false;
        for (k : 0 .. LAST) {
            if
            :: copy[at(n, k)] != NONE && age[at(n, k)] != FENCED -> age[at(n, k)] = OLD
            :: else
            fi
        }
    }
    for (k : 0 .. LAST) {
        speaker[k] = NOBODY; its_taken[k] = false; word[k] = NOTHING; holder[k] = NOBODY;
        avoid[k] = NOBODY; blame[k] = 0; unrecorded[k] = 0; decoders_died[k] = 0;
        entry[k] = UNASKED; late[k] = late[k] || result[k]; result[k] = false; owed[k] = false
    }
    head_deaths--; head = DOWN; crew = 0; started = false; same_run = false; token_is_new = false
}

inline change_options() /* nothing that is recorded or on its way answers to what is asked */
{
    for (k : 0 .. LAST) { row[k] = PENDING; waits[k] = PENDING; late[k] = false }
    other = true
}

/* dest_open(): first the token, then the files aside of earlier runs. */
inline open_dest(token, files)
{
    for (k : 0 .. WORKERS * IMAGES - 1) {
        if
        :: files && age[k] == OLD && (copy[k] == WRITING || copy[k] == CHECKED) -> age[k] = FENCED
        :: else
        fi
    }
    token_is_new = token_is_new || token
}

proctype fate() /* who dies, who is started again */
{
end:do
    :: d_step { worker_deaths > 0 && worker[0] == UP -> kill_worker(0) }
    :: d_step { worker_deaths > 0 && worker[1] == UP -> kill_worker(1) }
    /* For good, or another incarnation comes. */
    :: worker[0] == KILLED && worker[1] != BURIED -> worker[0] = BURIED
    :: worker[1] == KILLED && worker[0] != BURIED -> worker[1] = BURIED
    :: worker[0] == KILLED && !known[0] -> worker[0] = UP
    :: worker[1] == KILLED && !known[1] -> worker[1] = UP
    :: d_step { sink_deaths > 0 && sink == UP ->
        for (k : 0 .. LAST) { result[k] = false; late[k] = false }
        empty_sink();
        sink_deaths--; sink = KILLED }
    :: sink == KILLED -> sink = UP
    :: d_step { head_deaths > 0 && head != DOWN -> kill_head() }
    :: d_step { head == DOWN -> open_dest(!without(ORDER), without(ORDER)); head = OPENING }
    :: d_step { head == OPENING -> open_dest(without(ORDER), !without(ORDER)); head = RUNNING }
    /* The next command line may have other options. */
    :: d_step { head == OPENING && !other -> change_options() }
    od
}

init
{
    byte i;
    atomic {
        for (i : 0 .. LAST) {
            run ledger(i); run dispatch(0, i); run dispatch(1, i);
            run hands(0, i); run hands(1, i); run desk(i)
        }
        run presence(0); run presence(1); run meeting(); run fate(); i = 0
    }
    timeout; /* nothing can happen any more */
    assert(head == FINISHED)
}
