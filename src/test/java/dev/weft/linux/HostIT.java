package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Settings, offloads and capabilities. */
@Needs({Need.ROOT, Need.IPROUTE2})
class HostIT {
  @AutoClose final TestNetns a = TestNetns.create("a");

  @Test
  void shouldSetWhatOnlyThatNamespaceHas() throws Exception {
    String key = "net/ipv4/ip_default_ttl";
    try (Netns netns = a.open();
        Netns here = Netns.current()) {
      // Given
      String before = Sysctl.read(here, key);

      // When
      Sysctl.write(netns, key, "77");

      // Then
      assertThat(Sysctl.read(netns, key)).isEqualTo("77");
      assertThat(Sysctl.read(here, key)).isEqualTo(before);
      assertThatThrownBy(() -> Sysctl.write(netns, key, "300"))
          .hasMessage("write sysctl " + key + " = 300: Invalid argument (EINVAL)");
      assertThatThrownBy(() -> Sysctl.write(netns, "net/../kernel/hostname", "x"))
          .hasMessage("sysctl: net/../kernel/hostname (expected: net/…)");
    }
  }

  @Test
  void shouldSayThatALinkIsNotThere() throws Exception {
    try (Netns netns = a.open()) {
      assertThatThrownBy(() -> Ethtool.setOffload(netns, "eth9", Ethtool.Offload.TSO, false))
          .hasMessage("ethtool eth9 TSO off: No such device (ENODEV)");
    }
  }

  @Test
  void shouldKnowWhatThisProcessMayDo() throws Exception {
    assertThat(Capabilities.effective())
        .contains(Capability.CAP_NET_ADMIN, Capability.CAP_SYS_ADMIN);
    assertThat(Capabilities.parse(List.of("Name:\tjava", "CapEff:\t0000000000003000")))
        .containsExactlyInAnyOrder(Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW);
    assertThatThrownBy(() -> Capabilities.parse(List.of())).isInstanceOf(IOException.class);
  }
}
