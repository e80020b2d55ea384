#include "command.hpp"

namespace cenote::tool {

extern const command advise_command;
extern const command compare_command;
extern const command completion_command;
extern const command doctor_command;
extern const command record_command;
extern const command replay_command;
extern const command run_command;
extern const command top_command;
extern const command view_command;

const std::vector<const command*>& commands() {
    static const std::vector<const command*> all{
        &run_command,    &compare_command, &record_command, &replay_command,     &view_command,
        &advise_command, &top_command,     &doctor_command, &completion_command,
    };
    return all;
}

} // namespace cenote::tool
