#include "run_report.hpp"

#include "../support/text.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

namespace cenote::tool {

namespace {

using nlohmann::ordered_json;

double number(std::uint64_t n) { return static_cast<double>(n); }
count_figures sum_of(const std::vector<count_figures>& programs) {
    count_figures sum = programs.front();
    for (std::size_t i = 1; i != programs.size(); ++i)
        sum.add(programs[i]);
    return sum;
}

// Half of the interval that the true value is in with 95 % of such samples.
double half_interval(const time_figures& of) { return 1.96 * std::sqrt(of.variance); }

std::string time_text(const time_figures& of) {
    if (of.timed < 30)
        return "no figure: of " + with_commas(of.calls) + " calls " + with_commas(of.timed) + " were timed";
    return seconds_text(of.seconds) + " +- " + seconds_text(half_interval(of)) + "  " +
           with_commas(of.calls) + " calls of " + seconds_text(share(of.seconds, number(of.calls))) + "; " +
           with_commas(of.timed) + " timed" +
           (of.interrupted != 0 ? ", " + with_commas(of.interrupted) + " left out" : "");
}

std::string class_table(const count_figures& sum) {
    const kind_figures total = sum.total();
    text_table table(
        {"block size", "requests", "share", "<", "asked, mean", "waste", "live", "refills", "flushes"});
    kind_figures rest;
    unsigned rest_classes = 0;
    const auto row = [&](const std::string& name, const kind_figures& of) {
        const double part = share(number(of.allocated), number(total.allocated));
        table.add({name, with_commas(of.allocated), percent_text(part), bar_text(part, 20),
                   bytes_text(share(number(of.requested), number(of.allocated))),
                   percent_text(share(number(of.given - std::min(of.given, of.requested)), number(of.given))),
                   with_commas(of.live), of.block_size == 0 ? "" : with_commas(of.refills),
                   of.block_size == 0 ? "" : with_commas(of.flushes)});
    };
    for (std::size_t k = 1; k != sum.kinds.size(); ++k) {
        const kind_figures& of = sum.kinds[k];
        if (of.allocated == 0 && of.live == 0) continue;
        const bool matters = of.allocated * 100 >= total.allocated || of.given * 100 >= total.given ||
                             of.live_bytes * 100 >= total.live_bytes;
        if (matters) {
            row(with_commas(of.block_size), of);
            continue;
        }
        ++rest_classes;
        rest.block_size = of.block_size;
        rest.add(of);
    }
    if (rest_classes != 0) row(std::to_string(rest_classes) + " others", rest);
    if (sum.kinds[0].allocated != 0 || sum.kinds[0].live != 0) row("larger", sum.kinds[0]);
    return table.text("  ");
}

std::string heap_lines(const count_figures& sum, bool several) {
    const kind_figures total = sum.total();
    std::string text;
    const auto line = [&text](const std::string& name, const std::string& what) {
        text += "  " + name + std::string(name.size() < 18 ? 18 - name.size() : 1, ' ') + what + "\n";
    };
    line("allocated", with_commas(total.allocated) + " blocks, " + bytes_text(number(total.given)) + "; " +
                          with_commas(sum.reallocations) + " by realloc, " + with_commas(sum.in_place) +
                          " of them in place" +
                          (sum.refused != 0 ? "; " + with_commas(sum.refused) + " refused" : ""));
    line("asked for",
         bytes_text(number(total.requested)) + ": " +
             percent_text(share(number(total.given) - number(total.requested), number(total.given))) +
             " of the blocks is waste within them");
    line("live at the end", with_commas(total.live) + " blocks, " + bytes_text(number(total.live_bytes)));
    line("live at most", bytes_text(number(sum.most_live)) + (several ? ", in the one with the most" : ""));
    if (sum.has_snapshot) {
        const auto& at = sum.at_most_live;
        line("free at that time", bytes_text(number(at.free + at.mapping_cache)) +
                                      " in slabs and large blocks, " + bytes_text(number(at.in_magazines)) +
                                      " in magazines");
        line("address space", bytes_text(number(sum.last.most_held)) + " at most");
        line("exchanges",
             with_commas(total.refills) + " refills of magazines, " + with_commas(total.flushes) +
                 " flushes: one in " +
                 fixed_text(
                     share(number(total.allocated + total.freed), number(total.refills + total.flushes)), 0) +
                 " calls");
    }
    return text;
}

std::string faults_text(const std::vector<count_figures>& programs) {
    std::string text;
    unsigned found = 0;
    for (const count_figures& each : programs)
        if (each.has_failed) {
            ++found;
            text += "\n    " + each.program + " (process " + std::to_string(each.process) + "): " + each.said;
        }
    return found == 0 ? "none found" : std::to_string(found) + text;
}

ordered_json time_json(const time_figures& of) {
    return {{"calls", of.calls},
            {"timed", of.timed},
            {"interrupted", of.interrupted},
            {"seconds", of.seconds},
            {"seconds_half_interval_95", half_interval(of)}};
}

ordered_json classes_json(const count_figures& of) {
    ordered_json classes = ordered_json::array();
    for (const kind_figures& k : of.kinds) {
        if (k.allocated == 0 && k.live == 0 && k.capacity == 0) continue;
        ordered_json entry;
        if (k.block_size != 0)
            entry["block_size"] = k.block_size;
        else
            entry["block_size"] = nullptr; // larger than any class
        entry["allocated"] = k.allocated;
        entry["freed"] = k.freed;
        entry["requested_bytes"] = k.requested;
        entry["given_bytes"] = k.given;
        entry["live"] = k.live;
        entry["live_bytes"] = k.live_bytes;
        if (k.block_size != 0) {
            entry["in_magazines"] = k.in_magazines;
            entry["capacity"] = k.capacity;
            entry["refills"] = k.refills;
            entry["flushes"] = k.flushes;
        }
        classes.push_back(std::move(entry));
    }
    return classes;
}

ordered_json heap_json(const cenote::detail::counting::heap_figures& of) {
    return {{"live_bytes", of.live}, {"in_magazines_bytes", of.in_magazines},
            {"free_bytes", of.free}, {"mapping_cache_bytes", of.mapping_cache},
            {"held_bytes", of.held}, {"most_held_bytes", of.most_held}};
}

ordered_json figures_json(const count_figures& of) {
    const kind_figures total = of.total();
    ordered_json result;
    result["allocated"] = total.allocated;
    result["freed"] = total.freed;
    result["requested_bytes"] = total.requested;
    result["given_bytes"] = total.given;
    result["reallocated"] = of.reallocations;
    result["reallocated_in_place"] = of.in_place;
    result["refused"] = of.refused;
    result["live"] = total.live;
    result["live_bytes"] = total.live_bytes;
    result["most_live_bytes"] = of.most_live;
    result["refills"] = total.refills;
    result["flushes"] = total.flushes;
    result["threads_counted"] = of.threads;
    result["threads_not_counted"] = of.uncounted_threads;
    result["time"] = {{"allocate", time_json(of.allocating)},
                      {"free", time_json(of.freeing)},
                      {"reallocate", time_json(of.reallocating)},
                      {"all", time_json(of.time())}};
    if (of.has_snapshot) {
        result["heap_at_the_end"] = heap_json(of.last);
        result["heap_at_most_live"] = heap_json(of.at_most_live);
    }
    result["classes"] = classes_json(of);
    return result;
}

} // namespace

ordered_json ending_json(const ending& how) {
    ordered_json result;
    if (how.was_signalled())
        result["signal"] = WTERMSIG(how.status);
    else
        result["exit_status"] = how.exit_status();
    result["seconds"] = how.seconds;
    result["user_seconds"] = how.user_seconds();
    result["system_seconds"] = how.system_seconds();
    result["peak_resident_bytes"] = static_cast<std::uint64_t>(how.peak_bytes());
    result["page_faults"] = how.page_faults();
    return result;
}

ordered_json run_json(const run_result& of) {
    ordered_json result;
    result["command"] = of.words;
    result["program"] = ending_json(of.how);
    result["bad_frees"] = std::count_if(of.counts.programs.begin(), of.counts.programs.end(),
                                        [](const count_figures& each) { return each.has_failed; });
    result["processes"] = ordered_json::array();
    for (const count_figures& each : of.counts.programs) {
        ordered_json entry;
        entry["program"] = each.program;
        entry["process"] = each.process;
        entry["parent"] = each.parent;
        entry["is_forked"] = each.is_forked;
        entry["has_ended_by_itself"] = each.has_ended;
        if (each.has_failed) entry["report"] = each.said;
        entry.update(figures_json(each));
        result["processes"].push_back(std::move(entry));
    }
    if (!of.counts.programs.empty()) result["sum"] = figures_json(sum_of(of.counts.programs));
    result["unreadable"] = of.counts.unreadable.size();
    return result;
}

std::string run_text(const run_result& of) {
    const auto& programs = of.counts.programs;
    std::string text = "cenote run: " + command_text(of.words) + ": " + of.how.text() + " after " +
                       seconds_text(of.how.seconds) + " (" + seconds_text(of.how.processor_seconds()) +
                       " of processors), " + bytes_text(of.how.peak_bytes()) + " resident at most\n";
    if (programs.empty()) return text + "  nothing was counted: no process loaded the library\n";

    const count_figures sum = sum_of(programs);
    const auto forked = static_cast<std::uint64_t>(std::count_if(
        programs.begin(), programs.end(), [](const count_figures& each) { return each.is_forked; }));
    if (programs.size() > 1)
        text +=
            "  sums over " + counted(programs.size(), "program") + ", of which " + with_commas(forked) +
            " began as forks: what was live in the parent is live there again, and may be freed there\n"
            "  not summed, but of the one with the most: live at most, free at that time, address space\n";
    if (sum.calls() == 0) return text + "  it allocated nothing\n";
    text += heap_lines(sum, programs.size() > 1);
    const double processor = of.how.processor_seconds();
    text += "  time in malloc    " + time_text(sum.time()) + "\n";
    if (processor > 0 && sum.time().timed >= 30)
        text += "                    " + percent_text(share(sum.time().seconds, processor)) +
                " of the time of processors, which includes what counting cost\n";
    text += "  bad frees         " + faults_text(programs) + "\n";
    const auto unended = std::count_if(programs.begin(), programs.end(),
                                       [](const count_figures& each) { return !each.has_ended; });
    if (unended != 0)
        text += "  " + std::to_string(unended) + " of " + std::to_string(programs.size()) +
                " did not end by exit(): counts are whole, the heap's own figures up to a tenth of a second "
                "older\n";
    if (sum.uncounted_threads != 0)
        text += "  " + std::to_string(sum.uncounted_threads) +
                " threads are not counted: there was no room for them\n";
    if (!of.counts.unreadable.empty())
        text += "  " + std::to_string(of.counts.unreadable.size()) + " files of counts could not be read\n";
    return text + class_table(sum);
}

} // namespace cenote::tool
