// replay-server FOLDER [PORT]: plays recorded messages until it is told to end. For trying the upstream connection by hand.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "tests/support/replay_server.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: replay-server FOLDER [PORT]\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const xt::test::ReplayServer server(argv[1],
                                      argc > 2 ? static_cast<std::uint16_t>(std::atoi(argv[2])) : std::uint16_t{0});
  std::printf("ws://127.0.0.1:%d/stream and http://127.0.0.1:%d/api/v3/depth, %zu messages\n", server.port(),
              server.port(), server.messages().size());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}
