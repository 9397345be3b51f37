package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.linux.InterfaceName;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
  @Property(tries = 50)
  void shouldGiveInterfaceNamesThatTheKernelTakesAndNobodyHas(
      @ForAll @AlphaChars @StringLength(min = 1, max = 253) String service) {
    Set<String> taken = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      String name = Names.interfaceFor(service, taken::contains);
      assertThat(taken.add(InterfaceName.check(name))).isTrue();
    }
  }

  @Test
  void shouldFindTheNextNameAmongThousandsByFewLooks() {
    // Given
    Set<String> taken = new HashSet<>(Set.of("echo"));
    IntStream.range(1, 4000).forEach(i -> taken.add("echo" + i));
    AtomicInteger looks = new AtomicInteger();

    // When
    String name =
        Names.interfaceFor(
            "echo",
            n -> {
              looks.incrementAndGet();
              return taken.contains(n);
            });

    // Then
    assertThat(name).isEqualTo("echo4000");
    assertThat(looks).hasValueLessThan(30);
  }

  @Test
  void shouldCutTheServiceToFifteenCharacters() {
    assertThat(Names.interfaceFor("secure-intranet-gateway", n -> false))
        .isEqualTo("secure-intranet");
    assertThat(Names.interfaceFor("secure-intranet-gateway", "secure-intranet"::equals))
        .isEqualTo("secure-intrane1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "default"})
  void shouldNotTakeANameThatTheKernelKeepsForItself(String service) {
    assertThat(Names.interfaceFor(service, name -> false)).isEqualTo(service + "1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "a/b", "a:b", "a b", "an-interface-of-17"})
  void shouldBlameTheNodeThatGivesALinkNoName(String name) {
    assertThatThrownBy(() -> Names.interfaceName("client_interface", name))
        .isInstanceOf(WeftException.class)
        .hasMessageStartingWith("client_interface: \"" + name + "\" (expected: 1 to 15")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.INVALID));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "A/b", "a/b/c"})
  void shouldBlameTheNodeThatNamesAPodThatIsNone(String pod) {
    assertThatThrownBy(() -> Names.pod("client_pod", pod))
        .hasMessage("client_pod: \"" + pod + "\" (expected: a pod as ns/name)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "../x", "-a", "a b", "ü", "a\n"})
  void shouldRefuseNamesThatAreNone(String name) {
    assertThatThrownBy(() -> Names.name("network_service_name", name))
        .hasMessageStartingWith("network_service_name: ")
        .hasMessageContaining("(expected: 1 to 253 letters");
  }

  @Test
  void shouldNotRepeatAllOfALongName() {
    assertThatThrownBy(() -> Names.name("network_service_name", "x".repeat(300)))
        .hasMessageContaining("… of 300 characters".substring(1))
        .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(150));
  }
}
