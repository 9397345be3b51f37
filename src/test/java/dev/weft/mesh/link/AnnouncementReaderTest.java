package dev.weft.mesh.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.mesh.proto.LinkControlFrame;
import dev.weft.mesh.proto.LinkControlMessage;
import dev.weft.mesh.proto.Route;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

/** What one end announces and what the other makes of it. */
class AnnouncementReaderTest {
  private static final long PEER = 77;

  private final AnnouncementReader reader = new AnnouncementReader(PEER);

  private static SetRoute end(Route.Builder... routes) {
    SetRoute.Builder part = SetRoute.newBuilder().setIsEnd(true);
    for (Route.Builder route : routes) {
      part.addRoutes(route);
    }
    return part.build();
  }

  private static Route.Builder route(long destination, long... hops) {
    Route.Builder route = Route.newBuilder().setDestination(destination).setRttUs(5);
    LongStream.of(hops).forEach(route::addHops);
    return route;
  }

  private List<RouteAnnouncement> read(SetRoute last) {
    assertThat(reader.add(last)).isTrue();
    return reader.all();
  }

  @Test
  void shouldReplaceTheWholeAnnouncement() {
    assertThat(read(end(route(1, PEER), route(2, PEER)))).hasSize(2);
    assertThat(read(end(route(3, PEER)))).hasSize(1);
    assertThat(read(end())).isEmpty();
  }

  @Test
  void shouldWaitForTheEnd() {
    SetRoute part = SetRoute.newBuilder().addRoutes(route(1, PEER)).build();

    assertThat(reader.add(part)).isFalse();
    assertThat(reader.isComplete()).isFalse();
    assertThat(reader.all()).isEmpty();
    assertThat(read(end(route(2, 9, PEER))))
        .containsExactly(
            new RouteAnnouncement(1, List.of(PEER), 5),
            new RouteAnnouncement(2, List.of(9L, PEER), 5));
  }

  @Test
  void shouldLeaveOutWaysThatCannotBe() {
    long[] manyHops = new long[AnnouncementWriter.MOST_HOPS + 1];
    manyHops[AnnouncementWriter.MOST_HOPS] = PEER;

    List<RouteAnnouncement> all =
        read(
            end(
                route(1),
                route(2, PEER, 3),
                route(4, 4, PEER),
                route(PEER, PEER),
                route(5, manyHops),
                route(6, PEER)));

    assertThat(all).extracting(RouteAnnouncement::destination).containsExactly(6L);
    assertThat(reader.refused()).isEqualTo(5);
  }

  @Test
  void shouldTakeImpossibleRoundTripsAsUnknown() {
    List<RouteAnnouncement> all =
        read(
            end(
                route(1, PEER).setRttUs(-1),
                route(2, PEER).setRttUs(Long.MIN_VALUE),
                route(3, PEER).setRttUs(Long.MAX_VALUE),
                route(4, PEER).setRttUs(600_000_000),
                route(5, PEER).setRttUs(599_999_999),
                route(6, PEER).clearRttUs()));

    assertThat(all)
        .extracting(RouteAnnouncement::rttMicros)
        .containsExactly(
            RouteAnnouncement.UNKNOWN,
            RouteAnnouncement.UNKNOWN,
            RouteAnnouncement.UNKNOWN,
            RouteAnnouncement.UNKNOWN,
            599_999_999L,
            RouteAnnouncement.UNKNOWN);
    assertThat(reader.refused()).isEqualTo(4);
  }

  @Test
  void shouldCutAnAnnouncementOfAHundredThousandDestinations() {
    for (int i = 0; i < 1000; i++) {
      SetRoute.Builder part = SetRoute.newBuilder();
      for (int j = 0; j < 100; j++) {
        part.addRoutes(route(100 + 100 * i + j, PEER));
      }
      assertThat(reader.add(part.build())).isFalse();
    }

    assertThat(read(end())).hasSize(10_000);
    assertThat(reader.refused()).isEqualTo(90_000);
    assertThat(read(end(route(1, PEER)))).hasSize(1);
  }

  @Provide
  Arbitrary<List<RouteAnnouncement>> announcements() {
    Arbitrary<RouteAnnouncement> one =
        Combinators.combine(
                Arbitraries.longs().greaterOrEqual(1000),
                Arbitraries.longs().between(100, 999).list().ofMaxSize(31),
                Arbitraries.frequencyOf(
                    Tuple.of(5, Arbitraries.longs().between(0, 599_999_999)),
                    Tuple.of(1, Arbitraries.just(RouteAnnouncement.UNKNOWN))))
            .as(
                (destination, hops, rtt) -> {
                  List<Long> way = new ArrayList<>(hops);
                  way.add(PEER);
                  return new RouteAnnouncement(destination, List.copyOf(way), rtt);
                });
    return one.list().uniqueElements(RouteAnnouncement::destination).ofMaxSize(200);
  }

  @Property(tries = 200)
  void shouldReadWhatWasWrittenInPartsThatFit(
      @ForAll("announcements") List<RouteAnnouncement> all) {
    AnnouncementWriter writer = AnnouncementWriter.ofAll(all);
    boolean complete = false;
    while (!complete) {
      SetRoute part = writer.part();
      var frame =
          LinkControlFrame.newBuilder()
              .setMessage(LinkControlMessage.newBuilder().setSequence(-1).setSetRoute(part))
              .build();
      assertThat(frame.getSerializedSize()).isLessThanOrEqualTo(FrameLabel.MAX_PAYLOAD);
      assertThat(part.getIsEnd() || frame.getSerializedSize() > 1000).isTrue();
      complete = reader.add(part);
    }

    assertThat(reader.all()).isEqualTo(all);
    assertThat(writer.refused()).isZero();
    assertThat(reader.refused()).isZero();
  }

  @Test
  void shouldNotSendMoreThanTheOtherEndTakes() {
    List<Long> tooMany = Collections.nCopies(AnnouncementWriter.MOST_HOPS + 1, PEER);
    List<RouteAnnouncement> all = new ArrayList<>();
    all.add(new RouteAnnouncement(1, tooMany, 5));
    for (long d = 1; d <= 10_500; d++) {
      all.add(new RouteAnnouncement(1000 + d, List.of(PEER), 5));
    }
    AnnouncementWriter writer = AnnouncementWriter.ofAll(all);
    boolean complete = false;
    while (!complete) {
      complete = reader.add(writer.part());
    }

    assertThat(reader.all()).hasSize(10_000);
    assertThat(writer.refused()).isEqualTo(501);
  }
}
