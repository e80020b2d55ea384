// races POOL FAULT: what threads do to each other's objects, rightly or not, for ThreadSanitizer. The steps of the threads follow
// each other by flags that order nothing, so that it is always the same.
#include "pools.hpp"

#include <atomic>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace faults;

// Who waits here learns nothing of what others did before.
class step {
public:
    void reached() { reached_.store(true, std::memory_order_relaxed); }
    void wait() const {
        while (!reached_.load(std::memory_order_relaxed))
            std::this_thread::yield();
    }

private:
    std::atomic<bool> reached_{false};
};

// Blocks that go round between two threads, handed over under a lock.
template <class Pool>
long hand_over(Pool& pool) {
    std::mutex lock;
    std::vector<order*> box;
    std::atomic<long> sum{0};
    const auto work = [&](bool makes) {
        for (int i = 0; i != 3000; ++i) {
            order* p = makes ? make_order(pool) : nullptr;
            {
                const std::lock_guard hold{lock};
                if (makes)
                    box.push_back(p);
                else if (!box.empty()) {
                    p = box.back();
                    box.pop_back();
                }
            }
            if (makes || p == nullptr) continue;
            sum += read(p);
            write(p);
            end_order(pool, p);
        }
    };
    {
        std::jthread maker{work, true};
        std::jthread taker{work, false};
    }
    for (order* p : box)
        end_order(pool, p);
    return sum;
}

// One thread reads an object that another destroys, and perhaps has anew before that.
template <class Pool>
long use_of_what_another_destroys(Pool& pool, std::string_view fault) {
    order* const p = make_order(pool);
    step destroyed;
    step used;
    long sum = 0;
    std::jthread reader{[&] {
        if (fault != "use_then_destroy") destroyed.wait();
        sum += read(p);
        used.reached();
    }};
    std::jthread owner{[&] {
        if (fault == "use_then_destroy") used.wait();
        end_order(pool, p);
        if (fault == "use_after_recycling") (void)make_order(pool);
        destroyed.reached();
    }};
    reader.join();
    owner.join();
    return sum;
}

} // namespace

int main(int argc, char** argv) {
    return run(argc, argv, []<class Pool>(std::string_view fault) {
        static Pool pool;
        return fault == "none" ? hand_over(pool) : use_of_what_another_destroys(pool, fault);
    });
}
