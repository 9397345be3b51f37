package dev.weft.nsm.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.proto.InterfacePreference;
import dev.weft.nsm.proto.InterfaceType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CandidatePlannerTest {
  private static final String SELF = "00000000000000a1";
  private static final String OTHER = "00000000000000b2";

  private final CandidatePlanner planner = new CandidatePlanner(SELF, e -> 0);

  private static Endpoint endpoint(String node, String provider, InterfaceType... types) {
    return new Endpoint(node, "default", provider, "echo", List.of(types));
  }

  private static RequestedInterface wish(InterfaceType type, InterfacePreference preference) {
    return new RequestedInterface(type, preference);
  }

  private static List<String> providers(List<CandidatePlanner.Candidate> plan) {
    return plan.stream().map(c -> c.endpoint().provider()).toList();
  }

  @Test
  void shouldTakeExplicitPreferencesBeforeThoseWithout() {
    List<RequestedInterface> asked =
        List.of(
            wish(InterfaceType.MEM_INTERFACE, InterfacePreference.NO_PREFERENCE),
            wish(InterfaceType.VHOST_INTERFACE, InterfacePreference.SECOND),
            wish(InterfaceType.DEFAULT_INTERFACE, InterfacePreference.NO_PREFERENCE),
            wish(InterfaceType.KERNEL_INTERFACE, InterfacePreference.FIRST));

    assertThat(CandidatePlanner.inOrder(asked))
        .extracting(RequestedInterface::type)
        .containsExactly(
            InterfaceType.KERNEL_INTERFACE,
            InterfaceType.VHOST_INTERFACE,
            InterfaceType.MEM_INTERFACE,
            InterfaceType.DEFAULT_INTERFACE);
  }

  @Test
  void shouldTakeASilentEndpointLast() {
    List<CandidatePlanner.Candidate> plan =
        planner.plan(List.of(), List.of(endpoint(SELF, "a").silent(true), endpoint(OTHER, "far")));

    assertThat(providers(plan)).containsExactly("far", "a");
  }

  @Test
  void shouldTakeLocalEndpointsFirstAndTheLeastLoadedAmongEquals() {
    CandidatePlanner loaded =
        new CandidatePlanner(SELF, e -> Map.of("a", 3, "b", 1).getOrDefault(e.provider(), 0));

    List<CandidatePlanner.Candidate> plan =
        loaded.plan(
            List.of(), List.of(endpoint(OTHER, "far"), endpoint(SELF, "a"), endpoint(SELF, "b")));

    assertThat(providers(plan)).containsExactly("b", "a", "far");
  }

  @Test
  void shouldMeetTheDefaultWithAnyEndpoint() {
    List<CandidatePlanner.Candidate> plan =
        planner.plan(List.of(), List.of(endpoint(SELF, "a", InterfaceType.MEM_INTERFACE)));

    assertThat(plan).hasSize(1);
    assertThat(plan.get(0).agreed().type()).isEqualTo(InterfaceType.KERNEL_INTERFACE);
  }

  @Test
  void shouldNameBothSidesWhereNoTypeIsInCommon() {
    List<RequestedInterface> asked =
        List.of(wish(InterfaceType.MEM_INTERFACE, InterfacePreference.NO_PREFERENCE));
    List<Endpoint> offered = List.of(endpoint(SELF, "a", InterfaceType.KERNEL_INTERFACE));

    assertThatThrownBy(() -> planner.plan(asked, offered))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.PRECONDITION))
        .hasMessage(
            "no interface type in common: asked MEM_INTERFACE; offered KERNEL_INTERFACE by"
                + " default/a");
  }

  @Test
  void shouldSkipWhatNoNodeCanBuildAndSaySoOnlyIfNothingIsLeft() {
    List<Endpoint> offered =
        List.of(endpoint(SELF, "a", InterfaceType.MEM_INTERFACE, InterfaceType.KERNEL_INTERFACE));
    RequestedInterface mem = wish(InterfaceType.MEM_INTERFACE, InterfacePreference.FIRST);
    RequestedInterface kernel = wish(InterfaceType.KERNEL_INTERFACE, InterfacePreference.SECOND);

    assertThat(planner.plan(List.of(mem, kernel), offered).get(0).rank()).isEqualTo(1);
    assertThatThrownBy(() -> planner.plan(List.of(mem), offered))
        .hasMessage(
            "interface: MEM_INTERFACE (expected: KERNEL_INTERFACE or DEFAULT_INTERFACE, which is"
                + " what nodes build)");
  }
}
