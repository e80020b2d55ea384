// The standard library's pools.
#pragma once

#include "peers/subject.hpp"

#include <memory_resource>

namespace bench {

struct pmr_unsynchronized_pool {
    static constexpr std::string_view name = "std::pmr::unsynchronized_pool_resource";
    static constexpr traits is{};
    static facts describe() {
        return {"libstdc++ " + std::to_string(__GLIBCXX__), "default options, over new_delete_resource()"};
    }

    template <class T>
    class raw {
    public:
        explicit raw(std::size_t) {}
        void* allocate() { return pool_.allocate(sizeof(T), alignof(T)); }
        void deallocate(void* p) { pool_.deallocate(p, sizeof(T), alignof(T)); }

    private:
        std::pmr::unsynchronized_pool_resource pool_{std::pmr::new_delete_resource()};
    };

    template <class T>
    class pool : public typed<T, raw<T>> {
        using typed<T, raw<T>>::typed;
    };
};

} // namespace bench
