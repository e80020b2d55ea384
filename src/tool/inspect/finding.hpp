// Layer: tool. What `cenote doctor` has to say.
#pragma once

#include <string>
#include <vector>

namespace cenote::tool {

enum class gravity { fine, note, finding };

struct finding {
    gravity how;
    std::string what;   // a name for scripts: "static_program", ...
    std::string text;   // for people
    std::string remedy; // what to do; empty where nothing has to be done
};

class finding_list {
public:
    void fine(const std::string& what, const std::string& text) {
        all_.push_back({gravity::fine, what, text, {}});
    }
    void note(const std::string& what, const std::string& text, const std::string& remedy = {}) {
        all_.push_back({gravity::note, what, text, remedy});
    }
    void find(const std::string& what, const std::string& text, const std::string& remedy) {
        all_.push_back({gravity::finding, what, text, remedy});
        ++findings_;
    }
    unsigned findings() const noexcept { return findings_; }
    const std::vector<finding>& all() const noexcept { return all_; }

private:
    std::vector<finding> all_;
    unsigned findings_ = 0;
};

} // namespace cenote::tool
