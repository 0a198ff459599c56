//! Users outgrow one machine: everything moves to a server, and goes on there.

use crate::harness::{ANNA, HANDOFF, Kept, World, until};
use widget_core::ids::UserId;
use widget_core::owner::Owner;

const PHONES: [&str; 3] = ["79000000001", "79000000002", "79000000003"];

/// A backend with a file that has seen something: an answer, a handoff, and a guest whose question is still open.
async fn with_a_past() -> World {
    let world = World::in_a_file().await;
    world.serve(&[]).await;
    world.guest(PHONES[0]).asks("Сколько стоит номер?").await;
    world.guest(PHONES[0]).hears(1).await;
    world.guest(PHONES[1]).asks("Нас будет пятеро").await;
    assert_eq!(world.guest(PHONES[1]).hears(1).await, HANDOFF);
    world.manager(ANNA).takes(PHONES[1]).await;
    world.comes_to_rest().await;
    world
}

#[tokio::test]
async fn promise_2_nothing_lost_a_backend_moves_to_a_server_and_goes_on_there() {
    let world = with_a_past().await;
    let before = world.decisions().await.len();
    // Its last question is answered on the server.
    world.guest(PHONES[2]).writes("Когда заезд?").await;
    until("the question is stored", async || {
        world.decisions().await.len() > before
    })
    .await;
    world.kills_the_backend();

    let there = Kept::in_a_new_schema().await;
    let moved = world.asks_with(&["migrate"], &there);
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert!(
        moved
            .out
            .contains("the state of each of 3 dialogs is the fold of its journal"),
        "{moved:?}"
    );
    let decided = world.decisions().await.len();

    let world = world.that_moved(there);
    assert_eq!(
        world.decisions().await.len(),
        decided,
        "every row of every journal is there"
    );
    world.serve(&[]).await;
    world.guest(PHONES[2]).hears(1).await;
    let card = world.manager(ANNA).dialog_of(PHONES[1]).await;
    assert!(
        matches!(
            card.view.owner,
            Owner::Manager {
                user: Some(UserId(ANNA)),
                ..
            }
        ),
        "{card:#?}"
    );
    world.guest(PHONES[0]).asks("А с питанием?").await;
    world.guest(PHONES[0]).hears(2).await;
    world.comes_to_rest().await;
}
