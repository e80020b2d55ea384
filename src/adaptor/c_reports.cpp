#include "c_api.hpp"

#include "cenote/adaptor/pool_reports.hpp"
#include "cenote/pool/publication.hpp"

cenote_result cenote_write_reports(cenote_report_format format,
                                   void (*write)(void* context, const char* text, size_t length),
                                   void* context) {
    if (write == nullptr) return CENOTE_INVALID_ARGUMENT;
    const auto pass_on = [=](const char* text, std::size_t length) { write(context, text, length); };
    switch (format) {
    case CENOTE_JSON:
        cenote::write_reports_as_json(pass_on);
        return CENOTE_OK;
    case CENOTE_PROMETHEUS:
        cenote::write_reports_as_prometheus(pass_on);
        return CENOTE_OK;
    }
    return CENOTE_INVALID_ARGUMENT;
}

bool cenote_publish() { return cenote::publish(); }
