/* Many WebSockets in one thread: opens them, counts what comes, checks it, times it.
 *
 * Viewer i watches run PREFIX-<first + i modulo runs>. Each event of this benchmark carries,
 * anywhere in its bytes, "~t:<16 digits: microseconds since 1970>:<8 digits: number in its run>~",
 * so events are counted and checked alike whoever delivers them, and however many share a frame.
 * On every socket the numbers must follow one another; where frames are of durable.v1, offsets
 * must rise.
 *
 * Commands come on stdin, one a line; each is answered on stdout by one line of JSON:
 *   open       connects all viewers and waits until each is ready
 *   mark       counters, and latencies since the last mark
 *   wait N S   waits until each viewer has N events, at most S seconds; then as mark
 * End of input ends it. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MARKER = 29, BATCH = 512, READ_BYTES = 1 << 20, AT_ONCE = 1000 };
enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

/* Viewers are elsewhere: that a write wakes one must not be what it costs the server. On one machine
 * it is, and more so the longer the server takes from one write to the next, for a reader that is
 * awake costs nothing to wake. So the client reads, then rests, as a network card does. */
static const struct timespec REST = {.tv_nsec = 1000000};

/* Latencies by microseconds: 64 buckets for each power of two, so within 1.6 per cent. */
enum { FINE = 6, BUCKETS = (64 - FINE) << FINE };

typedef struct {
    int fd, upgraded, ready;
    char *kept; /* an incomplete frame, or answer to the handshake */
    size_t kept_size;
    int64_t number, offset; /* of the last event, -1 before the first */
    uint64_t events;
} viewer;

static struct {
    const char *path, *subprotocol, *hello, *ready_on, *prefix;
    int port, first, runs, viewers;
} options = {"/%s", "", "", "", "run", 0, 0, 1, 1};

static viewer *viewers;
static int polling, opened, upgraded, ready, closed, last_code;
static uint64_t events, bytes, frames, reads, gaps, repeats, disorder;
static uint64_t histogram[BUCKETS], timed, slowest;
static int64_t now_us;
static char input[READ_BYTES];

static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static int64_t clock_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void run_name(const viewer *v, char *name, size_t size) {
    int run = options.first + (int)((v - viewers) % options.runs);
    snprintf(name, size, "%s-%d", options.prefix, run);
}

/* ---- latencies */

static int bucket_of(uint64_t us) {
    if (us < 1 << FINE) return (int)us;
    int power = 63 - __builtin_clzll(us);
    return ((power - FINE + 1) << FINE) + (int)(us >> (power - FINE)) - (1 << FINE);
}

static double bucket_ms(int bucket) {
    if (bucket < 1 << FINE) return bucket / 1e3;
    int power = (bucket >> FINE) + FINE - 1;
    return (double)(((uint64_t)(bucket & ((1 << FINE) - 1)) + (1 << FINE)) << (power - FINE)) / 1e3;
}

static double percentile(double share) {
    uint64_t below = 0, wanted = (uint64_t)(share * (double)timed);
    for (int bucket = 0; bucket < BUCKETS; bucket++)
        if ((below += histogram[bucket]) > wanted) return bucket_ms(bucket);
    return (double)slowest / 1e3;
}

static void note_latency(int64_t produced_us) {
    uint64_t us = now_us > produced_us ? (uint64_t)(now_us - produced_us) : 0;
    histogram[bucket_of(us)]++;
    timed++;
    if (us > slowest) slowest = us;
}

/* ---- frames */

static void send_frame(viewer *v, int opcode, const char *payload, size_t size) {
    unsigned char frame[8 + 2048] = {0x80 | opcode, 0x80 | 126, size >> 8, size & 0xff};
    size_t head = 8; /* a mask of zeros is a mask */
    if (size < 126) frame[1] = 0x80 | size, head = 6, memset(frame + 2, 0, 4);
    if (size > 2048) die("a frame of %zu bytes is too long to send", size);
    memcpy(frame + head, payload, size);
    if (write(v->fd, frame, head + size) < 0 && errno != EPIPE && errno != ECONNRESET)
        die("write: %s", strerror(errno));
}

static void take_events(viewer *v, const char *at, const char *end) {
    while ((at = memmem(at, (size_t)(end - at), "~t:", 3)) && end - at >= MARKER) {
        int64_t number = strtoll(at + 20, NULL, 10);
        if (number <= v->number) repeats++;
        else gaps += (uint64_t)(number - v->number - 1);
        v->number = number;
        v->events++;
        events++;
        note_latency(strtoll(at + 3, NULL, 10));
        at += MARKER;
    }
}

static void take_message(viewer *v, int opcode, const char *payload, size_t size) {
    static const char event[] = "{\"type\":\"event\",\"offset\":";
    frames++;
    if (opcode == PING) {
        send_frame(v, PONG, payload, size);
    } else if (opcode == CLOSE) {
        last_code = size >= 2 ? (unsigned char)payload[0] << 8 | (unsigned char)payload[1] : 1005;
    } else {
        if (size > sizeof event && !memcmp(payload, event, sizeof event - 1)) {
            int64_t offset = strtoll(payload + sizeof event - 1, NULL, 10);
            if (offset <= v->offset) disorder++;
            v->offset = offset;
        } else if (!v->ready && memmem(payload, size, options.ready_on, strlen(options.ready_on))) {
            v->ready = 1, ready++;
        }
        take_events(v, payload, payload + size);
    }
}

/* Takes whole frames; gives how many bytes they were. */
static size_t take_frames(viewer *v, const char *data, size_t size) {
    size_t at = 0;
    while (size - at >= 2) {
        const unsigned char *head = (const unsigned char *)data + at;
        size_t length = head[1], skip = 2;
        if (length == 126) {
            if (size - at < 4) break;
            length = (size_t)head[2] << 8 | head[3], skip = 4;
        } else if (length == 127) {
            if (size - at < 10) break;
            for (length = 0, skip = 2; skip < 10; skip++) length = length << 8 | head[skip];
        }
        if (size - at - skip < length) break;
        take_message(v, head[0] & 15, data + at + skip, length);
        at += skip + length;
    }
    return at;
}

static size_t take_handshake(viewer *v, const char *data, size_t size) {
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (strncmp(data, "HTTP/1.1 101", 12)) die("no handshake: %.300s", data);
    v->upgraded = 1, upgraded++;
    char hello[2048], name[256];
    run_name(v, name, sizeof name);
    if (*options.hello) {
        snprintf(hello, sizeof hello, options.hello, name);
        send_frame(v, TEXT, hello, strlen(hello));
    }
    if (!*options.ready_on) v->ready = 1, ready++;
    return (size_t)(end + 4 - data);
}

static void take(viewer *v, const char *data, size_t size) {
    if (v->kept_size) {
        v->kept = realloc(v->kept, v->kept_size + size + 1);
        memcpy(v->kept + v->kept_size, data, size);
        data = v->kept, size = v->kept_size += size;
    }
    size_t taken = 0;
    if (!v->upgraded) taken = take_handshake(v, data, size);
    if (v->upgraded) taken += take_frames(v, data + taken, size - taken);
    size_t left = size - taken;
    if (!left) {
        free(v->kept);
        v->kept = NULL;
    } else if (v->kept_size) {
        memmove(v->kept, v->kept + taken, left);
    } else {
        v->kept = malloc(left + 1);
        memcpy(v->kept, data + taken, left);
    }
    v->kept_size = left;
}

/* ---- sockets */

static void dial(viewer *v) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (v->fd < 0) die("socket: %s; raise the limit of open files (ulimit -n)", strerror(errno));
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(v->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        die("connect: %s", strerror(errno));
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = v};
    epoll_ctl(polling, EPOLL_CTL_ADD, v->fd, &event);
    opened++;
}

static void begin_handshake(viewer *v) {
    char name[256], path[1024], request[4096], protocol[256] = "";
    run_name(v, name, sizeof name);
    snprintf(path, sizeof path, options.path, name);
    if (*options.subprotocol)
        snprintf(protocol, sizeof protocol, "Sec-WebSocket-Protocol: %s\r\n", options.subprotocol);
    int size = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
        path, options.port, protocol);
    if (write(v->fd, request, (size_t)size) != size) die("connect: %s", strerror(errno));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = v};
    epoll_ctl(polling, EPOLL_CTL_MOD, v->fd, &event);
}

static void receive(viewer *v) {
    ssize_t size = read(v->fd, input, sizeof input);
    if (size > 0) {
        bytes += (uint64_t)size, reads++;
        now_us = clock_us(CLOCK_REALTIME);
        take(v, input, (size_t)size);
    } else if (size == 0 || errno != EAGAIN) {
        epoll_ctl(polling, EPOLL_CTL_DEL, v->fd, NULL);
        close(v->fd);
        closed++;
    }
}

/* Serves sockets until one of them or stdin had something; says whether it was stdin. */
static int serve(int timeout_ms) {
    struct epoll_event found[BATCH];
    int asked = 0, count = epoll_wait(polling, found, BATCH, timeout_ms);
    for (int i = 0; i < count; i++) {
        viewer *v = found[i].data.ptr;
        if (!v) asked = 1;
        else if (found[i].events & EPOLLOUT) begin_handshake(v);
        else receive(v);
    }
    return asked;
}

/* ---- commands */

static void answer_open(void) {
    int64_t began = clock_us(CLOCK_MONOTONIC), done = 0;
    while (ready < options.viewers) {
        while (opened < options.viewers && opened - upgraded < AT_ONCE) dial(&viewers[opened]);
        if (!done && upgraded == options.viewers) done = clock_us(CLOCK_MONOTONIC);
        if (closed) die("a viewer was closed while others connected (code %d)", last_code);
        serve(100);
    }
    int64_t end = clock_us(CLOCK_MONOTONIC);
    printf("{\"connected_s\": %.4f, \"ready_s\": %.4f, \"began_at\": %.6f}\n",
        (double)((done ? done : end) - began) / 1e6, (double)(end - began) / 1e6,
        (double)began / 1e6);
}

static void answer_mark(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    uint64_t least = UINT64_MAX, most = 0;
    for (int i = 0; i < options.viewers; i++) {
        if (viewers[i].events < least) least = viewers[i].events;
        if (viewers[i].events > most) most = viewers[i].events;
    }
    printf("{\"at\": %.6f, \"cpu_s\": %.4f, \"events\": %lu, \"frames\": %lu, \"reads\": %lu, "
           "\"bytes\": %lu, \"least\": %lu, \"most\": %lu, \"gaps\": %lu, \"repeats\": %lu, "
           "\"disorder\": %lu, \"closed\": %d, \"last_code\": %d, \"p50_ms\": %.3f, "
           "\"p99_ms\": %.3f, \"p999_ms\": %.3f, \"max_ms\": %.3f}\n",
        (double)clock_us(CLOCK_MONOTONIC) / 1e6,
        (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
            + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
        events, frames, reads, bytes, least, most, gaps, repeats, disorder, closed, last_code,
        percentile(0.5), percentile(0.99), percentile(0.999), (double)slowest / 1e3);
    memset(histogram, 0, sizeof histogram);
    timed = slowest = 0;
}

static int all_have(uint64_t wanted) {
    if (events < wanted * (uint64_t)options.viewers) return 0;
    for (int i = 0; i < options.viewers; i++)
        if (viewers[i].events < wanted) return 0;
    return 1;
}

static void answer_wait(uint64_t wanted, double seconds) {
    int64_t deadline = clock_us(CLOCK_MONOTONIC) + (int64_t)(seconds * 1e6);
    while (!all_have(wanted) && clock_us(CLOCK_MONOTONIC) < deadline) serve(10);
    answer_mark();
}

static int answer(void) {
    char line[256] = "";
    size_t size = 0;
    while (size < sizeof line - 1 && read(0, line + size, 1) == 1 && line[size] != '\n') size++;
    unsigned long wanted;
    double seconds;
    if (!size) return 0;
    if (!strncmp(line, "open", 4)) answer_open();
    else if (!strncmp(line, "mark", 4)) answer_mark();
    else if (sscanf(line, "wait %lu %lf", &wanted, &seconds) == 2) answer_wait(wanted, seconds);
    else die("no such command: %s", line);
    fflush(stdout);
    return 1;
}

int main(int count, char **arguments) {
    for (int option; (option = getopt(count, arguments, "p:u:s:h:r:n:F:R:N:")) != -1;) {
        switch (option) {
        case 'p': options.port = atoi(optarg); break;
        case 'u': options.path = optarg; break;
        case 's': options.subprotocol = optarg; break;
        case 'h': options.hello = optarg; break;
        case 'r': options.ready_on = optarg; break;
        case 'n': options.prefix = optarg; break;
        case 'F': options.first = atoi(optarg); break;
        case 'R': options.runs = atoi(optarg); break;
        case 'N': options.viewers = atoi(optarg); break;
        default: die("usage: client -p port -u path%%s [-s subprotocol] [-h hello%%s] "
                     "[-r ready-on] -n prefix [-F first-run] -R runs -N viewers");
        }
    }
    viewers = calloc((size_t)options.viewers, sizeof *viewers);
    for (int i = 0; i < options.viewers; i++) viewers[i].number = viewers[i].offset = -1;
    polling = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(polling, EPOLL_CTL_ADD, 0, &event);
    for (;;) {
        if (serve(-1) && !answer()) return 0;
        nanosleep(&REST, NULL);
    }
}
