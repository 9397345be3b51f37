package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamespaceReferencesTest {
  @ParameterizedTest
  @ValueSource(strings = {"/proc/self/ns/net", "/proc/thread-self/ns/net", "//proc/./self/ns/net"})
  void shouldTakeTheCallersOwnForTheCallers(String named) throws IOException {
    assertThat(NamespaceReferences.ref(named, 4711, List.of())).isEqualTo("/proc/4711/ns/net");
  }

  @Test
  void shouldRefuseWhatACallerThatIsNotVisibleHereCallsItsOwn() {
    assertThatThrownBy(() -> NamespaceReferences.ref("/proc/self/ns/net", 0, List.of()))
        .hasMessageStartingWith("linux_namespace: /proc/self/ns/net (expected: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/proc/17/ns/net", "/run/netns/self", "blue", "/proc/selfish/ns/net"})
  void shouldLeaveOtherReferencesAsTheyAre(String named) throws IOException {
    assertThat(NamespaceReferences.ref(named, 4711, List.of())).isEqualTo(named);
  }
}
