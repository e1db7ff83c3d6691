/* Connections to several endpoints, with a resolver that answers when the test
 * says so. */
#ifndef TESTS_UNIT_NET_RACE_WORLD_H
#define TESTS_UNIT_NET_RACE_WORLD_H

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define QUESTIONS   32
#define ENDPOINTS   12

struct question {
    s2s_dns_query *query; /* NULL: answered, or cancelled */
    char name[32];
    uint16_t type;
};

struct world { /* too large for the stack */
    struct loopback_descriptors before;
    struct tcp_settings settings;
    s2s_transport t;
    struct question questions[QUESTIONS];
    size_t count, asked; /* ever; and not answered */
    int listener;        /* of 127.0.0.1 alone */
    uint16_t port;
    const char *allowed; /* "127.0.0.1" */
    void *conn;
    unsigned ready;
};

/* ---- DNS ---- */

static inline int ask(void *user, s2s_dns_query *query, const char *name,
                      uint16_t type)
{
    struct world *w = user;
    assert_true(w->count < QUESTIONS);
    struct question *q = &w->questions[w->count++];
    *q = (struct question){.query = query, .type = type};
    (void)snprintf(q->name, sizeof(q->name), "%s", name);
    w->asked++;
    return 0;
}

static inline void forget(void *user, s2s_dns_query *query)
{
    struct world *w = user;
    for (size_t i = 0; i < w->count; i++)
        if (w->questions[i].query == query) {
            w->questions[i].query = NULL;
            w->asked--;
        }
}

/* "127.0.0.1,::1"; "-" is NXDOMAIN; a '*' in front is bogus, a '+' a secure
 * alias. */
static inline void answer_one(struct world *w, struct question *q,
                              const char *list)
{
    unsigned char bytes[16][16];
    const unsigned char *records[16];
    size_t sizes[16];
    char text[512];
    char *rest = NULL;
    s2s_dns_answer a = {.size = sizeof(a),
                        .records = records,
                        .record_sizes = sizes,
                        .rcode = list[0] == '-' ? 3 : 0,
                        .alias = list[0] == '+'};
    if (list[0] == '*' || list[0] == '+')
        a.security = *list++ == '*' ? S2S_DNS_BOGUS : S2S_DNS_SECURE;
    (void)snprintf(text, sizeof(text), "%s", list);
    for (char *one = strtok_r(text, ",", &rest); one != NULL && a.rcode == 0;
         one = strtok_r(NULL, ",", &rest)) {
        bool six = strchr(one, ':') != NULL;
        if (six != (q->type == 28))
            continue;
        assert_true(a.record_count < 16);
        assert_int_equal(
            inet_pton(six ? AF_INET6 : AF_INET, one, bytes[a.record_count]), 1);
        records[a.record_count] = bytes[a.record_count];
        sizes[a.record_count++] = six ? 16 : 4;
    }
    s2s_dns_query *query = q->query;
    q->query = NULL;
    w->asked--;
    assert_int_equal(resolver_hook_done(query, &a), S2S_OK);
}

static inline bool is_asked(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->questions[i].query != NULL &&
            strcmp(w->questions[i].name, name) == 0)
            return true;
    return false;
}

static inline void answer(struct world *w, const char *name, const char *list)
{
    assert_true(is_asked(w, name));
    for (size_t i = 0; i < w->count; i++)
        if (w->questions[i].query != NULL &&
            strcmp(w->questions[i].name, name) == 0)
            answer_one(w, &w->questions[i], list);
}

/* All that is asked, from a list of "host=addresses". */
static inline void answer_all(struct world *w, const char *answers,
                              bool backwards)
{
    for (size_t n = 0; n < w->count; n++) {
        struct question *q = &w->questions[backwards ? w->count - 1 - n : n];
        char key[40], list[256];
        if (q->query == NULL)
            continue;
        (void)snprintf(key, sizeof(key), "%s=", q->name);
        const char *at = strstr(answers, key);
        assert_non_null(at);
        at += strlen(key);
        (void)snprintf(list, sizeof(list), "%.*s", (int)strcspn(at, " "), at);
        answer_one(w, q, list);
    }
}

/* ---- Connections ---- */

static inline int filter(void *user, const struct sockaddr *address,
                         uint32_t length)
{
    const struct world *w = user;
    struct in_addr allowed;
    const struct sockaddr_in *a = (const void *)address;
    assert_int_equal(length, sizeof(*a));
    assert_int_equal(ntohs(a->sin_port), w->port);
    assert_int_equal(inet_pton(AF_INET, w->allowed, &allowed), 1);
    return a->sin_addr.s_addr != allowed.s_addr;
}

static inline void on_ready(void *user)
{
    ((struct world *)user)->ready++;
}

static inline void open_world(struct world *w)
{
    *w = (struct world){.listener = -1};
    const s2s_resolver hook = {
        .size = sizeof(hook), .user = w, .start = ask, .cancel = forget};
    const struct resolver_settings settings = {.hook = &hook};
    loopback_note(&w->before);
    w->listener = loopback_listen("127.0.0.1", 0);
    w->port = loopback_port(w->listener);
    assert_int_equal(resolver_new(&settings, &w->settings.resolver), S2S_OK);
    w->settings.filter_user = w;
    w->t = tcp_transport(&w->settings);
}

static inline int listen_six(uint16_t port)
{
    const struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                                   .sin6_port = htons(port),
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int on = 1, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)),
                     0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static inline void hang_up(struct world *w)
{
    if (w->conn != NULL)
        w->t.close(w->conn);
    w->conn = NULL;
}

static inline void close_world(struct world *w)
{
    hang_up(w);
    resolver_free(w->settings.resolver);
    close(w->listener);
    assert_int_equal(loopback_opened(&w->before), 0);
}

/* "host[!][/group] ..." */
static inline void begin(struct world *w, const char *endpoints)
{
    struct tcp_endpoint list[ENDPOINTS];
    char text[512];
    char *rest = NULL;
    size_t count = 0;
    (void)snprintf(text, sizeof(text), "%s", endpoints);
    for (char *one = strtok_r(text, " ", &rest); one != NULL;
         one = strtok_r(NULL, " ", &rest)) {
        char *group = strchr(one, '/'), *mark = strchr(one, '!');
        assert_true(count < ENDPOINTS);
        list[count++] = (struct tcp_endpoint){
            .host = one,
            .port = w->port,
            .group = group != NULL ? (uint32_t)(group[1] - '0') : 1,
            .dns_only = true,
            .forbidden = mark != NULL};
        one[strcspn(one, "/!")] = '\0';
    }
    assert_int_equal(tcp_open_endpoints(&w->settings, list, count, &w->conn),
                     S2S_OK);
    memset(text, 'x', sizeof(text)); /* they were copied */
    tcp_watch(w->conn, on_ready, w);
}

static inline bool going(const struct world *w)
{
    enum tcp_phase phase = tcp_phase(w->conn);
    return phase == TCP_RESOLVING || phase == TCP_CONNECTING;
}

/* Let the resolver do what there is to do, once there is something. */
static inline void process(struct world *w)
{
    loopback_wait(resolver_fd(w->settings.resolver), POLLIN);
    resolver_process(w->settings.resolver);
}

/* The same without waiting. */
static inline void settle(struct world *w)
{
    struct pollfd p = {.fd = resolver_fd(w->settings.resolver),
                       .events = POLLIN};
    if (poll(&p, 1, 0) == 1)
        resolver_process(w->settings.resolver);
}

/* Wait for the resolver and for the connection's own descriptor. */
static inline void step(struct world *w)
{
    char byte;
    if (!going(w))
        return;
    ptrdiff_t n = w->t.read(w->conn, &byte, 1);
    if (!going(w))
        return;
    struct pollfd p[] = {
        {.fd = resolver_fd(w->settings.resolver), .events = POLLIN},
        {.fd = w->t.fd(w->conn),
         .events = n == S2S_WANT_READ ? POLLIN : POLLOUT},
    };
    assert_true(n == S2S_WANT_READ || n == S2S_WANT_WRITE);
    if (w->asked == 0 || p[1].fd >= 0)
        assert_true(poll(p, 2, LOOPBACK_WAIT_MS) > 0);
    else
        assert_true(poll(p, 1, 0) >= 0); /* the test is to answer */
    if (p[0].revents != 0)
        resolver_process(w->settings.resolver);
    tcp_advance(w->conn);
}

static inline void finish(struct world *w)
{
    while (going(w)) {
        struct pollfd p[] = {
            {.fd = resolver_fd(w->settings.resolver), .events = POLLIN},
            {.fd = w->t.fd(w->conn), .events = POLLIN | POLLOUT},
        };
        assert_true(poll(p, 2, LOOPBACK_WAIT_MS) > 0);
        if (p[0].revents != 0)
            resolver_process(w->settings.resolver);
        tcp_advance(w->conn);
    }
}

/* "host address outcome;" each, "?" where there is no address. */
static inline void report(const struct world *w, int error, char out[1024])
{
    size_t used = 0;
    s2s_result *r = result_new(S2S_OP_CONNECT);
    if (error != S2S_OK)
        result_fail(r, error, "x");
    tcp_report(w->conn, r);
    out[0] = '\0';
    for (const struct result_attempt *a = r->attempts; a; a = a->next) {
        used +=
            (size_t)snprintf(out + used, 1024 - used, "%s %s %s;", a->host,
                             a->address != NULL ? a->address : "?", a->outcome);
        assert_true(used < 1024);
        assert_int_equal(a->port, w->port);
    }
    result_free(r);
}

#endif
