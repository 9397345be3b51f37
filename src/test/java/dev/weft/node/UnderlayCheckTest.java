package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.HostPort;
import dev.weft.api.Doctor.Finding;
import dev.weft.cluster.Member;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class UnderlayCheckTest {
  private static final Member HERE =
      new Member("00000000000000b2", "n2", "0.1.0", null, "127.0.0.1:5702", null, 1, 1);

  @Test
  void shouldTellAMemberFromAStrangerAndFromNobody() throws Exception {
    HostPort at;
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      at = new HostPort("127.0.0.1", listener.getLocalPort());

      Finding member = UnderlayCheck.join(at, List.of(HERE), Optional.empty());
      Finding stranger = UnderlayCheck.join(at, List.of(), Optional.empty());

      assertThat(member.state()).isEqualTo("ok");
      assertThat(stranger.text()).isEqualTo("who listens at " + at + " is no member");
    }
    Finding nobody = UnderlayCheck.join(at, List.of(HERE), Optional.empty());

    assertThat(nobody.state()).isEqualTo("problem");
    assertThat(nobody.text()).startsWith(at + " does not answer: ");
  }
}
