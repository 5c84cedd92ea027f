/* The same endpoint as a FastCGI program (libfcgi): one process serves request after request. */
#ifndef LATCHKEY_ENDPOINT_FASTCGI_H
#define LATCHKEY_ENDPOINT_FASTCGI_H

#include "lib/endpoint/serve.h"

/*
 * Serves the socket that is descriptor 0, in processes of its own (lib/process/supervisor.h), until SIGTERM. A process leaves after
 * fastcgi_requests, after a minute without any, after a fault, and when configuration, database or log file are not the
 * ones any more that it began with: the next one reads them anew, so that there is no other way to change what is kept.
 */
_Noreturn void fastcgi_main(struct context *c, struct kept *kept);

#endif
