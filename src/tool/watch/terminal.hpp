// Layer: tool. A screen that is drawn anew again and again, and the keys that are pressed meanwhile. By the few escape sequences
// that every terminal since the VT100 has (ECMA-48, and xterm's second screen): a library of the terminals that there ever were
// has no use here.
#pragma once

#include <csignal>
#include <cstddef>
#include <string>
#include <termios.h>

namespace cenote::tool {

// What was signalled since the last look.
struct noted_signals {
    static void listen();        // from now on
    static int ended() noexcept; // by which signal the tool is told to end; 0: none
    static bool was_resized() noexcept;
    static bool was_paused() noexcept; // by Ctrl-Z
};

// Waits for a key, a signal or so many milliseconds. The key, 0 where there is none. Without `keys`, stdin is left alone.
char wait_for_key(int milliseconds, bool keys);

// From its construction to its end the terminal shows what show() draws; then what was there before.
class screen {
public:
    screen();
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;
    ~screen();

    std::size_t lines() const;
    // As many lines and columns as there is room for.
    void show(const std::string& text);
    // Hands the terminal to the shell until the tool is continued.
    void pause();

private:
    void enter();
    void leave();

    termios before_{};
    bool has_keys_;
};

} // namespace cenote::tool
