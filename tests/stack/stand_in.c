// Takes connections to 3ffe::/16 to the same port of this machine.
//
// Functions call public addresses only, and a test listens on loopback. 3ffe::/16 is public, and
// nobody's: it was the 6bone's and went back to IANA (RFC 3701). Loaded with LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int connect(int socket, const struct sockaddr *to, socklen_t length) {
    int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    struct sockaddr_in6 here;
    if (length < sizeof here || to->sa_family != AF_INET6) return next(socket, to, length);
    memcpy(&here, to, sizeof here);
    if (here.sin6_addr.s6_addr[0] != 0x3f || here.sin6_addr.s6_addr[1] != 0xfe)
        return next(socket, to, length);
    // ::ffff:127.0.0.1
    here.sin6_addr = (struct in6_addr){{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}}};
    return next(socket, (struct sockaddr *)&here, sizeof here);
}
