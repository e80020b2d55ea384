#include "support/report.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

constexpr int name_width = 40;
constexpr int entry_width = 25;
constexpr std::size_t columns_in_a_table = 4;

// The distinct values of one field, in order of appearance.
template <class Field>
auto distinct(const std::vector<row>& rows, Field field) {
    std::vector<decltype(field(rows.front()))> values;
    for (const row& r : rows) {
        if (std::find(values.begin(), values.end(), field(r)) == values.end()) values.push_back(field(r));
    }
    return values;
}

std::string figure(double value) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(value < 100 ? 2 : 0) << value;
    return text.str();
}

// "min" is of nanoseconds; what is counted in other units is measured once.
const char* heading_of_figure(const std::vector<row>& rows, const std::string& workload) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const row& r) { return r.workload == workload; });
    return found->counts == unit::nanoseconds ? "min" : name_of(found->counts);
}

void print_heading(std::ostream& out, const std::vector<row>& rows, std::size_t size,
                   const std::vector<std::string>& workloads) {
    const std::string blocks = size == 0 ? "many sizes" : std::to_string(size) + " bytes";
    out << std::left << std::setw(name_width) << blocks << std::right;
    for (const auto& name : workloads)
        out << " |" << std::setw(entry_width) << name;
    out << "\n" << std::string(name_width, ' ');
    for (const auto& name : workloads)
        out << " |" << std::setw(9) << heading_of_figure(rows, name) << std::setw(10) << "median"
            << std::setw(6) << "x";
    out << "\n";
}

void print_entry(std::ostream& out, const row* r) {
    out << " |";
    if (r == nullptr) {
        out << std::setw(entry_width) << "-";
        return;
    }
    out << std::setw(9) << figure(r->min) << std::setw(10) << figure(r->median) << std::setw(6)
        << (r->ratio_to_best_peer ? figure(*r->ratio_to_best_peer) : "-");
}

void print_table(std::ostream& out, const std::vector<row>& rows, std::size_t size,
                 const std::vector<std::string>& workloads) {
    print_heading(out, rows, size, workloads);
    for (const auto& subject : distinct(rows, [](const row& r) { return r.subject; })) {
        std::vector<const row*> entries;
        for (const auto& workload : workloads)
            entries.push_back(find_row(rows, workload, size, subject));
        if (std::all_of(entries.begin(), entries.end(), [](const row* r) { return r == nullptr; })) continue;
        out << std::left << std::setw(name_width) << subject << std::right;
        for (const row* r : entries)
            print_entry(out, r);
        out << "\n";
    }
    out << "\n";
}

// W2/1k/same -> W2: what stands together in one table.
std::string family(const std::string& workload) { return workload.substr(0, workload.find('/')); }

void print_tables(std::ostream& out, const std::vector<row>& rows) {
    for (const std::size_t size : distinct(rows, [](const row& r) { return r.size; })) {
        std::vector<std::string> pending;
        for (const auto& workload : distinct(rows, [](const row& r) { return r.workload; })) {
            const bool measured = std::any_of(rows.begin(), rows.end(), [&](const row& r) {
                return r.size == size && r.workload == workload;
            });
            if (!measured) continue;
            const bool another =
                !pending.empty() && family(pending.back()) != family(workload) && pending.size() > 2;
            if (pending.size() == columns_in_a_table || another) {
                print_table(out, rows, size, pending);
                pending.clear();
            }
            pending.push_back(workload);
        }
        if (!pending.empty()) print_table(out, rows, size, pending);
    }
}

void print_skipped(std::ostream& out, const std::vector<skipped_row>& skipped) {
    std::set<std::string> reasons;
    for (const skipped_row& r : skipped)
        reasons.insert(r.subject + ": " + r.reason);
    if (!reasons.empty()) out << "Left out (-)\n";
    for (const auto& reason : reasons)
        out << "  " << reason << "\n";
    if (!reasons.empty()) out << "\n";
}

[[noreturn]] void cannot_write(const std::string& file) {
    throw std::runtime_error("cannot write " + file + ": " + std::strerror(errno));
}

template <class Element>
void write_lines(std::ostream& out, const char* name, const std::vector<Element>& elements) {
    out << ",\n\"" << name << "\": [";
    for (std::size_t i = 0; i < elements.size(); ++i)
        out << (i == 0 ? "\n  " : ",\n  ") << to_json(elements[i]).dump();
    out << "\n]";
}

} // namespace

void print(std::ostream& out, const report& r) {
    out << "\nns per operation as defined in bench/README.md: minimum, median, and x: minimum over the best "
           "peer's\n\n";
    print_tables(out, r.rows);
    print_skipped(out, r.skipped);
    print(out, r.targets);
}

void require_writable(const std::string& file) {
    const bool existed = std::filesystem::exists(file);
    errno = 0;
    if (!std::ofstream(file, std::ios::app)) cannot_write(file);
    if (!existed) std::filesystem::remove(file);
}

void write_json(const std::string& file, const report& r) {
    errno = 0;
    std::ofstream out{file};
    if (!out) cannot_write(file);
    // One line for each row, so that two results can be compared line by line.
    out << "{\n\"machine\": " << r.machine.dump(2) << ",\n\"versions\": " << r.versions.dump(2)
        << ",\n\"method\": " << r.method.dump(2);
    write_lines(out, "rows", r.rows);
    write_lines(out, "skipped", r.skipped);
    write_lines(out, "targets", r.targets);
    out << "\n}\n";
    out.close();
    if (!out) cannot_write(file);
}

} // namespace bench
