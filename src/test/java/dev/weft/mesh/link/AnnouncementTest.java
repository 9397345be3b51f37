package dev.weft.mesh.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.mesh.proto.Introduction;
import dev.weft.mesh.proto.LinkControlFrame;
import dev.weft.mesh.proto.LinkControlMessage;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Announcements, whole or as changes, in parts. */
class AnnouncementTest {
  private static final long SELF = SimulatedLink.A;
  private static final long PEER = SimulatedLink.B;

  @Property(tries = 200)
  void shouldArriveAsItWasAnnouncedWhateverWasBefore(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 300) int size) {
    Random random = new Random(seed);
    AnnouncementReader reader = new AnnouncementReader(PEER);
    Map<Long, RouteAnnouncement> announced = new TreeMap<>();
    List<RouteAnnouncement> known = read(reader, AnnouncementWriter.ofAll(List.of()));
    for (int i = 0; i < 4; i++) {
      change(announced, random, size);
      List<RouteAnnouncement> all = List.copyOf(announced.values());

      known =
          read(
              reader,
              random.nextInt(4) == 0
                  ? AnnouncementWriter.ofAll(all)
                  : AnnouncementWriter.ofChanges(all, known));

      assertThat(known).containsExactlyInAnyOrderElementsOf(all);
    }
    assertThat(reader.refused()).isZero();
  }

  @Example
  void shouldTakeAFrameForAFewChanges() {
    List<RouteAnnouncement> before =
        LongStream.range(0, 1000)
            .mapToObj(i -> new RouteAnnouncement(i, List.of(7L, 8L, 9L, PEER), i))
            .toList();
    List<RouteAnnouncement> after = new ArrayList<>(before);
    after.remove(17);
    after.set(500, new RouteAnnouncement(501, List.of(PEER), 5));
    after.add(new RouteAnnouncement(2000, List.of(PEER), 5));

    SetRoute part = AnnouncementWriter.ofChanges(after, before).part();

    assertThat(part.getIsEnd()).isTrue();
    assertThat(part.getGoneList()).containsExactly(17L);
    assertThat(part.getRoutesCount()).isEqualTo(2);
  }

  @Example
  void shouldHoldNoMoreRoutesThanItsBoundHoweverManyChangesCome() {
    AnnouncementReader reader = new AnnouncementReader(PEER);
    List<RouteAnnouncement> known = List.of();
    for (int i = 0; i < 3; i++) {
      long first = i * 6000L;
      known =
          read(
              reader,
              AnnouncementWriter.ofChanges(
                  LongStream.range(first, first + 6000)
                      .mapToObj(d -> new RouteAnnouncement(d, List.of(PEER), 1))
                      .toList(),
                  List.of()));
    }

    assertThat(known).hasSize(AnnouncementWriter.MOST_ROUTES);
    assertThat(reader.refused()).isEqualTo(18_000 - AnnouncementWriter.MOST_ROUTES);
  }

  @Example
  void shouldTellAllToAnEndThatUnderstandsNoChanges() {
    assertThat(toldSecondly(false)).isEqualTo(List.of(1L, 2L));
    assertThat(toldSecondly(true)).isEqualTo(List.of(2L));
  }

  /** The destinations that are in the second announcement to an end that introduced itself so. */
  private static List<Long> toldSecondly(boolean changes) {
    List<LinkControlMessage> sent = new ArrayList<>();
    ControlProtocol control =
        new ControlProtocol(
            introduction(SELF, true),
            new IntroductionCheck(LinkProtocol.VERSION, SELF, OptionalLong.empty()),
            new Random(1),
            new Sent(sent));
    control.start(0);
    acknowledge(control, sent);
    control.receive(
        LinkControlFrame.newBuilder()
            .setMessage(
                LinkControlMessage.newBuilder()
                    .setSequence(1)
                    .setIntroduction(introduction(PEER, changes)))
            .build(),
        PEER,
        0);
    RouteAnnouncement first = new RouteAnnouncement(1, List.of(SELF), 5);
    control.announce(List.of(first), 0);
    acknowledge(control, sent);

    control.announce(List.of(first, new RouteAnnouncement(2, List.of(SELF), 5)), 0);

    SetRoute told = sent.get(sent.size() - 1).getSetRoute();
    assertThat(told.getChanges()).isEqualTo(changes);
    return told.getRoutesList().stream().map(route -> route.getDestination()).toList();
  }

  private static Introduction introduction(long node, boolean changes) {
    return Introduction.newBuilder()
        .setVersion(LinkProtocol.VERSION)
        .setNode(node)
        .setFingerprint(ByteString.copyFrom(SimulatedLink.fingerprint(node)))
        .setRouteChanges(changes)
        .build();
  }

  private static void acknowledge(ControlProtocol control, List<LinkControlMessage> sent) {
    control.receive(
        LinkControlFrame.newBuilder().setAck(sent.get(sent.size() - 1).getSequence()).build(),
        PEER,
        0);
  }

  /** Keeps the messages that are sent. */
  private record Sent(List<LinkControlMessage> messages) implements ControlProtocol.Owner {
    @Override
    public void transmit(byte[] control, long now) {
      try {
        LinkControlFrame frame = LinkControlFrame.parseFrom(control);
        if (frame.hasMessage()) {
          messages.add(frame.getMessage());
        }
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void introduced(long peer, Introduction introduction, long now) {
      assertThat(peer).isEqualTo(PEER);
    }

    @Override
    public void acknowledged(long now) {
      assertThat(messages).isNotEmpty();
    }

    @Override
    public void introducedAgain(long now) {
      throw new AssertionError("introduced once");
    }

    @Override
    public void announced(long now) {
      throw new AssertionError("nothing is announced to this end");
    }

    @Override
    public void failed(String reason) {
      throw new AssertionError(reason);
    }
  }

  private static void change(Map<Long, RouteAnnouncement> announced, Random random, int most) {
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      long destination = 1L + random.nextInt(most);
      if (random.nextInt(3) == 0) {
        announced.remove(destination);
      } else {
        List<Long> hops = new ArrayList<>();
        for (int j = random.nextInt(20); j > 0; j--) {
          hops.add(1000 + random.nextLong(1L << 40));
        }
        hops.add(PEER);
        announced.put(
            destination,
            new RouteAnnouncement(
                destination,
                hops,
                random.nextInt(5) == 0 ? RouteAnnouncement.UNKNOWN : random.nextInt(1_000_000)));
      }
    }
  }

  private static List<RouteAnnouncement> read(
      AnnouncementReader reader, AnnouncementWriter writer) {
    boolean complete = false;
    while (!complete) {
      SetRoute part = writer.part();
      int size =
          LinkControlFrame.newBuilder()
              .setMessage(LinkControlMessage.newBuilder().setSequence(-1).setSetRoute(part))
              .build()
              .getSerializedSize();
      assertThat(size).isLessThanOrEqualTo(FrameLabel.MAX_PAYLOAD);
      complete = reader.add(part);
    }
    return reader.all();
  }
}
