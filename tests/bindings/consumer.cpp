/*
 * consumer DOMAIN [HOST [CA-FILE]]: the same in C++98, on a context: a probe
 * with TLS and one in the clear, at once.
 */
#include <s2sprobe.h>

#include <cstring>
#include <iostream>

namespace
{
template <typename T> T sized()
{
    T t;
    std::memset(&t, 0, sizeof(t));
    t.size = sizeof(t);
    return t;
}

class Context
{
  public:
    explicit Context(const s2s_context_options &options) : context_(NULL)
    {
        s2s_context_new(&options, &context_);
    }
    ~Context()
    {
        s2s_context_free(context_);
    }
    s2s_context *get() const
    {
        return context_;
    }

  private:
    Context(const Context &);
    Context &operator=(const Context &);
    s2s_context *context_;
};

void print(const char *what, const s2s_result *r)
{
    std::cout << what << ": " << s2s_code_name(s2s_result_error(r));
    for (size_t i = 0; i < s2s_result_feature_count(r); i++)
        std::cout << ' ' << s2s_result_feature(r, i);
    std::cout << '\n';
}
} // namespace

/* The number of probes that failed. */
int finish(s2s_context *context, int running)
{
    int failed = 0;
    while (running > 0 && s2s_context_run(context, -1) == 1) {
        s2s_result *r;
        void *name;
        while (s2s_context_next(context, &r, NULL, &name) == 1) {
            print(static_cast<const char *>(name), r);
            failed += s2s_result_error(r) != S2S_OK;
            s2s_result_free(r);
            running--;
        }
    }
    return failed + running;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 64;
    s2s_context_options setup = sized<s2s_context_options>();
    s2s_options options = sized<s2s_options>();
    options.host = argc > 2 ? argv[2] : NULL;
    setup.ca_file = argc > 3 ? argv[3] : NULL;

    static char names[][6] = {"auto", "clear"};
    static const uint16_t modes[] = {S2S_TLS_AUTO, S2S_TLS_NONE};
    const Context context(setup);
    if (context.get() == NULL)
        return 2;
    for (int i = 0; i < 2; i++) {
        uint64_t id;
        options.tls_mode = modes[i];
        if (s2s_context_submit(context.get(), S2S_OP_CONNECT, "probe.test",
                               argv[1], &options, names[i], &id) != S2S_OK)
            return 2;
    }
    return finish(context.get(), 2);
}
