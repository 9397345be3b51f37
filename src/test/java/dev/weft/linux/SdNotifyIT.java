package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SdNotifyIT {
  @TempDir Path directory;

  @Test
  void shouldTellAManagerWithASocketFile() throws Exception {
    tell(directory.resolve("notify").toString());
  }

  @Test
  void shouldTellAManagerWithAnAbstractSocket() throws Exception {
    tell("@weft-test-" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
  }

  private static void tell(String path) throws Exception {
    // Given
    try (NativeSocket manager =
        NativeSocket.open(NativeSocket.AF_UNIX, NativeSocket.SOCK_DGRAM, 0, "manager")) {
      manager.bind(sockaddrUn(path));

      // When
      try (SdNotify notify = SdNotify.from(Map.of("NOTIFY_SOCKET", path))) {
        notify.ready();
        notify.stopping();
      }

      // Then
      assertThat(receive(manager)).isEqualTo("READY=1");
      assertThat(receive(manager)).isEqualTo("STOPPING=1");
    }
  }

  @Test
  void shouldDoNothingWhereNobodyAsks() throws Exception {
    try (SdNotify notify = SdNotify.from(Map.of())) {
      notify.ready();
    }
  }

  @Test
  void shouldSayThatTheManagersSocketIsMissing() {
    String path = directory.resolve("none").toString();

    assertThatThrownBy(() -> SdNotify.from(Map.of("NOTIFY_SOCKET", path)))
        .hasMessage("notify socket " + path + ": connect: No such file or directory (ENOENT)");
  }

  /**
   * {@code sockaddr_un}: an abstract name is as long as the address, a path ends in a zero byte.
   */
  private static byte[] sockaddrUn(String path) {
    boolean isAbstract = path.startsWith("@");
    String name = isAbstract ? "\0" + path.substring(1) : path + "\0";
    return ByteBuffer.allocate(2 + name.length())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort((short) NativeSocket.AF_UNIX)
        .put(name.getBytes(StandardCharsets.UTF_8))
        .array();
  }

  private static String receive(NativeSocket socket) throws LinuxException {
    byte[] bytes = new byte[256];
    int length = socket.receive(bytes);
    assertThat(length).as("bytes").isPositive();
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
