/* The same endpoint as a FastCGI program (libfcgi): one process serves request after request. */
#ifndef LATCHKEY_ENDPOINT_FASTCGI_H
#define LATCHKEY_ENDPOINT_FASTCGI_H

#include "lib/endpoint/serve.h"

/*
 * Serves the socket that is descriptor 0, in processes of its own (lib/process/supervisor.h), until SIGTERM. A process leaves after
 * fastcgi_requests, after a minute without any, and after a fault. A configuration, database or log file that was changed
 * or replaced counts for the next request (serve_refresh).
 */
_Noreturn void fastcgi_main(struct context *c, struct kept *kept);

#endif
