package dev.weft.testkit;

/** {@code quilt.QuiltRuntime} called by Python's grpcio, with messages encoded by hand. */
public final class QuiltClient {
  /** Arguments: a method and its strings, or {@code many FIRST COUNT DEVICE IN_FLIGHT}. */
  public static final String SCRIPT =
      """
      import sys, grpc, time, collections
      def field(n, s):
          b = s.encode()
          assert len(b) < 128
          return bytes([n << 3 | 2, len(b)]) + b if b else b''
      def answer(b):
          ok, error, i = False, '', 0
          while i < len(b):
              tag = b[i]; i += 1
              if tag == 8:
                  ok = b[i] == 1; i += 1
              else:
                  n, shift = 0, 0
                  while True:
                      n |= (b[i] & 127) << shift; shift += 7; i += 1
                      if b[i - 1] < 128: break
                  error = b[i:i + n].decode(); i += n
          return ok, error
      channel = grpc.insecure_channel('127.0.0.1:50051')
      def method(name):
          return channel.unary_unary('/quilt.QuiltRuntime/' + name,
              request_serializer=lambda x: x, response_deserializer=answer)
      if sys.argv[1] == 'many':
          first, count, device, flight = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
          inject, begun, running = method('InjectRoute'), time.time(), collections.deque()
          def one():
              i, call = running.popleft()
              try:
                  ok, error = call.result()
              except grpc.RpcError as e:
                  print('ended', e.code().name, flush=True)
                  sys.exit(0)
              print(i if ok else error, flush=True)
          for i in range(first, first + count):
              d = '11.%d.%d.%d/32' % (i >> 16 & 255, i >> 8 & 255, i & 255)
              running.append((i, inject.future(field(1, d) + field(2, device), timeout=30)))
              if len(running) >= flight: one()
          while running: one()
          print('rate %.0f' % (count / (time.time() - begun)))
      else:
          body = b''.join(field(i + 1, s) for i, s in enumerate(sys.argv[2:]))
          ok, error = method(sys.argv[1])(body, timeout=30)
          print('ok' if ok else error)
      """;

  private final TestNetns netns;

  public QuiltClient(TestNetns netns) {
    this.netns = netns;
  }

  /** {@code ok}, or the sentence of the refusal. */
  public String call(String method, String... fields) throws Exception {
    String[] command = new String[4 + fields.length];
    command[0] = "/usr/bin/python3";
    command[1] = "-c";
    command[2] = SCRIPT;
    command[3] = method;
    System.arraycopy(fields, 0, command, 4, fields.length);
    return netns.run(command).strip();
  }
}
