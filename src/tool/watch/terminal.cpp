#include "terminal.hpp"

#include "../support/streams.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cenote::tool {

namespace {

volatile std::sig_atomic_t signalled_end = 0;
volatile std::sig_atomic_t signalled_size = 0;
volatile std::sig_atomic_t signalled_pause = 0;

winsize size_of_terminal() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        size.ws_row = 24;
        size.ws_col = 80;
    }
    return size;
}

} // namespace

void noted_signals::listen() {
    struct sigaction how {};
    how.sa_handler = [](int number) {
        if (number == SIGWINCH)
            signalled_size = 1;
        else if (number == SIGTSTP)
            signalled_pause = 1;
        else
            signalled_end = number;
    };
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP})
        ::sigaction(number, &how, nullptr); // without SA_RESTART: waiting ends
}

int noted_signals::ended() noexcept { return signalled_end; }

bool noted_signals::was_resized() noexcept {
    const bool was = signalled_size != 0;
    signalled_size = 0;
    return was;
}

bool noted_signals::was_paused() noexcept {
    const bool was = signalled_pause != 0;
    signalled_pause = 0;
    return was;
}

char wait_for_key(int milliseconds, bool keys) {
    pollfd in{keys ? STDIN_FILENO : -1, POLLIN, 0};
    char key = 0;
    if (::poll(&in, 1, milliseconds) > 0 && ::read(STDIN_FILENO, &key, 1) <= 0)
        ::poll(nullptr, 0, milliseconds); // the terminal is gone: SIGHUP says what to do
    return key;
}

screen::screen() : has_keys_(::tcgetattr(STDIN_FILENO, &before_) == 0) { enter(); }
screen::~screen() {
    try {
        leave();
    } catch (const std::exception&) { // the terminal is gone
    }
}

void screen::enter() {
    if (has_keys_) {
        termios now = before_;
        now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
    }
    write_output("\x1b[?1049h\x1b[?25l"); // the second screen, no cursor
}

void screen::leave() {
    if (has_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    write_output("\x1b[?25h\x1b[?1049l");
}

void screen::pause() {
    leave();
    ::raise(SIGSTOP);
    enter();
}

std::size_t screen::lines() const { return size_of_terminal().ws_row; }

void screen::show(const std::string& text) {
    const winsize size = size_of_terminal();
    std::string drawn = "\x1b[H";
    std::size_t line = 0;
    for (std::size_t at = 0; at < text.size() && line != size.ws_row; ++line) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::size_t width = 0;
        std::size_t stop = at;
        for (; stop != end && width + ((text[stop] & 0xC0) != 0x80 ? 1U : 0U) <= size.ws_col; ++stop)
            if ((text[stop] & 0xC0) != 0x80) ++width; // characters, of which UTF-8 has several bytes
        drawn += (line == 0 ? "" : "\r\n") + text.substr(at, stop - at) + "\x1b[K";
        at = end + 1;
    }
    write_output(drawn + "\x1b[J"); // nothing below
}

} // namespace cenote::tool
