//! Words that mean much the same to whoever decides: what a guest may call money, a person, a thing that broke.
//!
//! The model of intents learns from the notions beside the words themselves, so that a word which no author of its
//! messages used still counts as what it means. A stem ends in `*`; anything else is a whole word.

use std::collections::BTreeMap;

/// A notion and its words.
#[rustfmt::skip]
const NOTIONS: &[(&str, &str)] = &[
    // Payments.
    ("money", "деньг* денег деньж* деняк* денюж* денеж* денюх* денюшк* бабл* бабк* бабосы бабосики лавэ сумм* средств* платеж* плата рубл* тыщ* тысяч* тыс тыр тр косар* аванс* предоплат* придоплат* оплат* доплат* постоплат* депозит* задат* перевод* транзакц* остаток остатк* взнос* зачислени* поступлени* проводк* money payment* deposit* prepayment sum amount transaction* cash funds balance"),
    ("paid", "оплатил* аплатил* заплатил* проплатил* уплатил* доплатил* перевел перевела перевели перевело перечислил* перечислял* скинул* скидывал* кинул* кидал* закинул* закидывал* перекинул* отправил* отправлял* отослал* внес внесла внесли вносил* погасил* погашен* оплачен* проплачен* заплачен* переведен* перечислен* рассчитал* расчитал* расплатил* уплачен* внесен* отправлен* сделал* сделана совершил* произвел* произведен* ушли ушла ушел ушло улетел* раскошел* закрыл* списал* списан* снял* payed paid transferred wired done made completed"),
    ("will_pay", "оплачу оплатим оплачиват* оплачивает* заплачу заплатим переведу переведем внесу внесем рассчитаюсь доплачу доплатим скину кину закину платит* плачу платим оплатить заплатить внести перевести доплатить перечислить рассчитаться расплатиться отправлю оплати погасить pay paying"),
    ("arrived", "дошл* дошел доход* долж* приш* поступил* поступл* поступал* прошл* прошел проход* пройд* зачисл* упал* капнул* долетел* прилетел* приземл* добрал* отобразил* отобража* отразил* отражает* видн* видите видишь видать засветил* засчитал* засчитан* подтверд* подтверж* увидел* увидал* получен* получил* получал* провел* провод* легли лег села сели принят* принял* нашл* нашел найден* кассе счете receive* arriv* landed went through credited confirmed confirm reached see seen visible registered processed"),
    ("status", "статус* судьб* состояни* известно слышно движени* стадии этап* результат* ответ решени* status progress update news"),
    ("sent", "прислал* прикрепил* прикрепля* приложил* прилага* приклад* высылаю выслал* отправляю скидываю шлю кидаю пересылаю переслал* вложил* вложен* ловите держите лови держи выложил* загрузил* сфотографировал* сфоткал* фото фотк* снимок картинк* файл* скан* attached attaching attachment sending here enclosed forwarded uploaded photo picture"),
    ("above", "вот выше ниже сверху вверху тут здесь лови держи во вложении above below here"),
    ("receipt", "чек чека чеки чеков чеком чеку чекушк* чекам квитанц* квиток* квиточ* платежк* платежн* скрин* поручени* пп подтверждени* выписк* слип receipt* screenshot* slip proof dekont voucher"),
    ("refund", "возврат* возвращ* вернут* вернете верните верни вернул* вернет возмест* возмещ* refund* reimburs* moneyback"),
    ("link", "ссыл* линк* кьюар* куар* qr-код сылк* страниц* форма форму форме кнопк* урл link* url qr form page"),
    ("again", "заново снова опять повтор* еще обратно перешлите переслать перевыстав* переотправ* обнови* обновлен* новую новая новый новой другую другая свеж* продублир* дублир* перезапуст* переделай* переоформ* восстанов* вторично разок again resend another renew* new fresh once repeat reissue second"),
    ("broken", "просроч* истек* сгорел* протух* умер умерл* сдохл* слетел* сброс* недейств* неактивн* устарел* битая битую битый ошибк* ошибочн* потерял* удалил* удален* стерл* затерл* затерял* закрылас* закончил* кончил* висит виснет завис* вылета* выкидыва* крутит* ругает* белый пуст* error* expired invalid broken недоступн* 404 dead lost deleted inactive fails failed"),
    ("works", "работа* открыва* открылас* открыт* грузит* загружа* переход* срабатыва* активн* действ* зайти пускает запускает* кликаб* opens open work works working load loads loading"),
    ("check", "провер* сверьте сверить сверк* сверя* перепровер* уточните уточнить пересчит* пересчет* перерасч* пересмотр* разберит* разобрат* разбир* гляньте глянуть посмотрите посмотреть посмотри взгляните поищите найдите отследит* check verify recheck look investigate recalculate trace"),
    ("wrong_sum", "дважды двойн* лишн* задвои* больше меньше недостач* переплат* переплач* сходится бьет* совпада* расхожд* расход* неправильн* неверн* ошиблись ошибочно разниц* раза twice double overcharged wrong incorrect mismatch difference"),
    ("price", "скок скока скольк* скоко почем пачем чем стоит стоят стоимост* стоить цен цена цены цене цену ценам ценник* прайс* прейскурант* тариф* расценк* выйдет выходит обойдет* обход* дорого дорогая дорогое дорогой доплат* приплат* наценк* встанет встает влетит дешев* бюджет деньгам возьмете возьмут берете рублей руб скидк* price* cost* charge* fee* rate rates tariff expensive cheap"),
    ("how_much", "скок скока скольк* скоко почем пачем much many"),
    // Staying longer, and what is beside the stay.
    ("extend", "продлит* продлен* продлев* продлю продлим продлис* продлял* задерж* остат* оставаться остан* подольше дольше дополнительн* лишние лишний накинуть добавит* добавочн* добрать досидет* дожит* побыть погостить прихватить плюсом сверху extend* extension longer extra остаемс* stay prolong"),
    ("more_days", "еще плюс дополнительн* лишн* сверх дольше more extra additional another"),
    ("day_word", "день дня дней дни деньк* денек суток сутк* ночь ночи ночей ночк* ночевк* недел* выходн* среды субботы воскресенья day days night nights week weeks"),
    ("service", "массаж* масаж* трансфер* трансфэр* саун* баня баню бани баней баньк* хамам* экскурс* парковк* паркинг* стоянк* прокат* аренд* бассейн* ванн* обертыв* грязи грязев* грязелеч* грязь процедур* косметолог* маникюр* педикюр* парикмахер* стрижк* караоке бильярд* боулинг услуг* такси машин* прачечн* стирк* химчистк* кроватк* раскладушк* коляск* узи экг мрт анализ* рентген* физиотерап* иглоукалыв* иглорефл* прессотерап* кислород* коктейл* спа мрт плазмолифт* плазмотер* озонотер* кардиограмм* флюорограф* ноготк* ноготоч* ресниц* аниматор* верхов* лошадк* квадроцикл* передержк* доставк* банкет* конференц* зал зала апгрейд фотограф* хаммам* сауну джакузи солярий криосаун* криотерап* пещер* фитнес йога йоги аквааэр* фиш-пилинг прогулк* аппарат* пиявк* гирудо* upgrade facial riding mri стоматолог* капельниц* консультац* прием завтрак* ужин* обед* питани* мангал* шашлык* беседк* велосипед* велик самокат лыж* коньк* каток билет* кино гидромассаж* душ шарко циркулярн* ингаляц* лимфодренаж* мезотерап* пилинг* тренер* нян* халат* сейф* фотосесс* рыбалк* лодк* катер лошад* кони конн* клетк* вольер встретить встреч* довез* забрать привез* подвез* вокзал* аэропорт* аэроэкспресс ранн* поздн* теннис* корт* тренаж* сплит холодильник утюг фен тур sauna massage* transfer* parking excursion* spa taxi bath* pool bike* rental rent ski skis pickup tour laundry airport station checkout breakfast haircut procedure* treatment* mud"),
    ("included", "входит входят вход включ* бесплатн* платн* путевк* included includes include free"),
    ("room_price", "номер номера комнат* люкс* стандарт* проживан* путевк* программ* заезд койк* апартамент* коттедж room rooms suite accommodation programme program"),
    // People and the bot.
    ("person", "хьюман* коллег* спец спеца спецу тимлид* директрис* хозяин* хозяйк* lady colleague* менеджер* манагер* оператор* админ* сотрудни* специалист* консультант* диспетчер* человек* человеч* людьми люди людей жив* начальник* начальств* директор* руководит* руководств* управляющ* старш* главн* ресепшен* ресепшн* ресепшин* рецепц* ресепшо* регистратур* бухгалтер* врач врача врачом дежурн* manager* human person people operator agent someone somebody anyone administrator supervisor staff representative reception receptionist девушк* девочк* работник* кто-нибудь кто-то кого-нибудь кем-нибудь отдел отделом"),
    ("call", "голосом голос трубку трубкой звякн* звоноч* ring позвать позов* зови зовите соедини* переключ* переведите свяжите свяжитес* свяжется связат* связал* связь дайте дай пригласи* подключи* набери* набрать перезвон* позвонит* позвони позвонят звонк* звонок созвон* поговор* говорить разговар* пообщаться общат* обсудить побеседов* звоните дозвон* ответит ответьте отвечает отзов* аппарат* телефону talk speak connect callback call phone ring chat reach contact"),
    ("bot", "бот бота боту ботом ботами ботов ботик* робот* автоответ* автомат* машин* железяк* железн* электронн* виртуальн* искусствен* ии нейросет* нейронк* алис* скрипт* шаблон* компьютер* программ* болванк* bot bots robot* automated ai machine virtual"),
    ("enough", "хватит надоел* достал* довольно сыт устал* сколько можно бесполезн* толку кругу замкнут* одно тоже enough useless tired"),
    // Moods.
    ("bad", "ужас* ужос* кошмар* отврат* гряз* вон* смрад плесен* таракан* клоп* мыш* муравь* хам* груб* нагруб* орал* наор* обман* развод* мошен* кидал* жулик* жулье вор* позор* стыд безобраз* беспредел* бардак* возмут* возмущ* жалоб* жалуюс* жалова* претенз* суд судом иск прокурат* роспотреб* роскомнадз* недовол* неудовлетв* разочаров* безответств* издева* халатн* сломан* сломал* шум* свинств* свинарник наплеват* плеват* плевал* врете нахам* накрич* орет врут вранье игнор* терпен* треш трэш жесть шараг* шарашк* сарай дыра помойк* днище дно фигн* хрен* черт* фиг дерьм* говн* задолб* заколеб* отстой* дурак* дурдом идиот* тупой тупая тупые тупо тупиц* антисан* сырая сыро холодно ледян* кипят* сквозн* скрип* awful terrible dirty disgusting rude worst scam* complain* unacceptable horrible shame* cockroach* stink* smell* filthy noisy # нахрен нафиг нахер бесит бесите кинули обалдел* охрен* охуе* офигел* совест* обидно испортил* пожале* никогда ненавиж* cold broken ignore* unprofessional disappointed lied cheat*"),
    ("long_wait", "третий третьи третью вторую второй неделю жду ждем ждать ждала ждал час часа часов сутками сутки днями никак долго тишин* молчит* молчан* вымерл* ответа отписк* обещал* waiting wait still promised silence nobody"),
    ("good", "отличн* прекрасн* замечат* чудесн* понравил* вкусн* супер* класс* рекоменд* благодар* довол* великолеп* восторг* восхит* волшебн* лучш* душевн* молодц* уютн* забот* приветлив* внимательн* пятерк* низкий поклон wonderful great excellent lovely perfect amazing enjoyed best kind friendly recommend"),
    ("review", "отзыв* отзов* оценк* оценит* рейтинг* звезд* впечатлен* review* feedback rating stars яндекс* 2гис гугл* google флампе* книга книгу книге жалоб"),
    ("leave_it", "оставить оставлю оставил* оставим написать напиш* поделит* поделюсь опубликов* разместить поставить поставлю поставила выложить черкнуть отзыв leave write post publish share rate"),
    // A stay that is over.
    ("forgot", "позабыл* оставил* оставлен* потерял* заб* найд* нашл* находк* находок обронил* пропал* пропаж* выронил* завалил* вещи вещь кольцо серьг* сережк* очки часы зарядк* зарядн* наушник* куртк* платье книжк* купальник forgot left lost found belongings charger glasses"),
    ("papers", "акт акты актом акта справк* справочк* счет-факт* счетфакт* счета счет счетом закрыва* накладн* документ* доки налог* вычет* ндфл договор* эдо упд больничн* бюллетен* выписк* выписной эпикриз* заключени* чеки бухгалт* отчет* авансов* командировоч* invoice* certificate* tax document* closing papers discharge bill report"),
    ("was_here", "был была были бывал* отдыхал* отдохнул* лечил* пролечил* жил жила жили прожил* останавл* прошл* летом гостил* погостил* приезжал* ездил* проживал* уехал* выехал* съехал* вернулис* вернулся вернулась проходил* бывш* провел* stayed visited left were was returned been"),
    ("same", "тот та то те тоже же такой такую прежн* старый старую снова опять обычн* всегда очередн* прошлый прошлого прошлую прошлом привычн* том same again usual last previous"),
    // Booking.
    ("book", "заброн* брон* зарезервир* резерв* заказ* оформит* оформл* записат* запиш* снять взять возьм* выкупить book* reserve reservation*"),
    ("want", "хотим хотел* хоч* планир* собира* думаем думаю думали мечта* желаем желаю приехать приедем приеду поехать подумыв* интерес* нужен нужна нужно нужны надо махнуть рвануть отдохнуть подлечит* want wish would plan planning like need thinking intend come visit"),
    ("vacancy", "места мест местеч* свободн* наличи* доступн* есть окошк* окно найдется остались примете приютите availability available vacant free vacancy vacancies"),
    ("my", "мой моя мое мою моей моего моих мои моем наш наша наше нашу нашей нашего наши наших нас меня мне my our mine"),
    ("move_date", "перенест* перенос* сдвин* сдвига* измени* поменя* отмен* аннулир* снять change cancel* reschedule move moved postpone shift"),
    ("arrive", "заезд* заеж* заезж* заед* засел* приезд* приезж* прибыва* прибуд* прибыт* въезд* въезж* выезд* выеж* выезж* выед* check-in checkin arrive* arriving arrival check-out checkout check"),
    // Paying.
    ("how", "как каким какими какую где куда когда чем какой какие какая каком откуда каким-нибудь how where when which what"),
    ("way_to_pay", "карт* наличн* наличк* нал налом безнал* сбп qr кьюар рассрочк* кредит* реквизит* счет терминал* юмани сбер* тиньк* т-банк банк* сертификат* мир visa mastercard вебмани крипт* частями частично долями сплит халва card cards cash installment* instalment* bank requisites iban swift"),
    ("on_site", "месте приезде заезде заселении ресепшене стойке кассе arrival site desk"),
    // No more messages.
    ("stop", "хватит прекратит* прекращ* перестан* отпис* удалит* удали убер* убрат* исключит* вычеркн* выключит* отключит* заблокир* отстан* отвали* отвяж* больше чтоб завяз* stop unsubscribe remove quit opt leave delete"),
    ("write_me", "пишите писат* пиши пишет* присыл* шлите слать спам* рассыл* сообщен* смс смск* реклам* акци* беспоко* тревож* дергать напомин* уведомлен* номер базы контакт* message* texting spam* write mailing* newsletter list ads"),
    // Danger.
    ("urgent", "срочно немедл* быстрее быстрей скорей скорее помогите памагите помощь спасите экстренн* sos сос скорую скорая авари* urgent* emergency help hurry asap immediately"),
    ("danger", "топит топят затоп* потоп* залива* залил* затапл* тече* льет льется хлещ* хлынул* фонтан* прорв* лопнул* труба трубу трубы потолк* пожар* гори* дым дыма дыму дымит* задымл* искр* замкнул* замыкан* коротнул* розетк* гарь* газ газом захлопн* запер* застрял* лифт* взлом* украл* кража драк* дерут* напал* ломит* упал* сломал* потерялс* потерялас* потерял пропал* тонет утон* fire smoke leak* flood* stuck locked burning stolen burst sparks lost fell"),
    ("ill", "плохо плохеет хреново сознани* обморок* задыха* дыш* сердц* сердеч* приступ* давлен* температур* рвот* рвет тошн* отравил* отравлен* кров* болит боли боль болью судорог* инсульт* инфаркт* аллерг* отек* опух* скорую врач* медсестр* медик* ожог* обжег* перелом* онемел* немеет паралич* ill sick faint* unconscious chest breathe breathing bleeding doctor ambulance seizure pain fever stroke vomit*"),
    ("outside", "закрыт* заперт* попасть войти зайти пустили пускают пускает впустите улиц* крыльц* мороз* ночью темно вокзал* аэропорт* автобус* стоим стою внутрь домофон* замок ключ* карточк* дверь двери шлагбаум* ворота охран* locked outside stranded key door gate night dark"),
    // What is wrong, more closely: a room, manners, a body, a house.
    ("defect", "течет текут капает протек* подтек* сломан* сломал* неисправ* барахлит отвал* шатает* дыряв* рван* драное драный порван* продавл* провалил* облез* облуп* треснут* разбит* ржав* грязн* грязь грязи грязища пыль пыли пылищ* пыльн* пятна пятнах пятнами волос* плесен* грибок вонь вони воня* смрад запах* затхл* сырост* сырой сырая сырое сырые влажн* таракан* клоп* мыш* муравь* блох* холодн* холодина холодрыг* холодища дубак мерзн* мерзл* замерз* душно шум* шумят орут грохо* долбят сверл* сквоз* дует тухл* душком кислятин* пересол* недовар* невкусн* несъедоб* помои бурда дрянь гнил* санитарн* антисан* dirty mould mold mouldy filthy stain* smell* stink* broken freezing noisy noise rotten cockroach* bugs bedbug* mouse mice rust* dust* squeak* leaking"),
    ("rude", "хам* нахам* груб* нагруб* орал* орет наорал* накрич* кричал* обругал* оскорб* отшил* огрызн* игнор* наплев* равнодуш* неуваж* нагл* высокомер* смеял* обман* обману* врали соврал* наврал* дурите дурят кидалов* развод* rude shout* yell* arrogant laughed insult* impolite lie lied ignored ignoring"),
    ("outrage", "безобраз* возмут* возмущ* недопуст* неприемлем* свинств* позор* стыд* бардак* беспредел* издев* обнагл* совест* ужас* кошмар* отврат* терпен* достали задолб* задрал* надоел* unacceptable ridiculous misleading disgrace* disgust* outrage* disappoint* complaint* appalling awful terrible horrible worst joke"),
    ("thing", "кран крана душ душа душе окно окна окне матрас* постел* белье белья простын* полотенц* одеял* подушк* кровать кровати кроватью лифт лифта лифте бассейн* телевизор* телек холодильник* чайник* батаре* отоплен* кондиционер* кондей свет лампочк* розетк* унитаз* раковин* ванна ванне туалет* вода воды воду водой еда еды еду завтрак* ужин* обед* столов* каша кашу каши суп супа супе котлет* мясо рыба рыбу порци* интернет* вайфай wifi дверь двери замок замка ключ ключи ключа балкон* мебель шкаф* коридор* лестниц* стена стены стенка площадк* горк* игрушк* tap shower window mattress bed bedding sheets towel* pillow blanket lift elevator pool tv fridge kettle heating heater ac light toilet sink bath water food breakfast dinner lunch soup meat internet door key balcony furniture wall corridor"),
    ("staff", "горничн* уборщиц* администратор* админ дежурн* медсестр* сестра сестры врач врача врачиха доктор официант* охран* повар* массажист* персонал* сотрудни* вахтер* аниматор* буфетч* кассирш* тетка тетя бабка на-ресепшене ресепшен* ресепшн* ресепе maid cleaner cleaners receptionist reception nurse doctor waiter waitress guard cook chef staff desk"),
    ("upkeep", "убира* убрал* убрано убирают менял* меняли меняют поменял* чинил* починил* чинят принес* приносил* дали дал выдали вынос* выносил* топят топили ответил* отвечает* отвечают извинил* предупред* встретил* пришел пришла приходит слыш* слушает реагир* объяснил* помог работает работают работал закрывает* открывает* включает* выключает* грузит cleaned changed fixed brought answered answers answering apologised apologized bothered works working work"),
    ("broken_word", "обеща* обещан* заявлен* сказали говорили написано сайте фото фотках описан* договор* бесплатно promised advertised website pictures photos"),
    ("took_money", "взяли содрал* слупил* сдер* обсчитал* насчитал* впарил* доплат* charged took"),
    ("medic", "врач* врача скорую скорая медсестр* фельдшер* медик* реаним* доктора ambulance nurse medic doctor paramedic"),
    ("body_alarm", "сознан* обморок* задыха* задохн* дыш* синеет посинел* синие синий хрип* судорог* приступ* инсульт* инфаркт* кровотеч* кровь кровью захлеб* подавил* отек* опухл* опух* распух* анафила* ожог* обжег* обвар* упал* рухнул* свалил* прихватил* сердц* unconscious collapsed faint* breath* choking swell* swollen bleeding seizure chest anaphyla* stroke"),
    ("house_alarm", "пожар* горим горит дым дыма дыму дымит задымл* гарь гарью пален* газом искр* искрит заискр* коротнул* замкнул* щиток щитка проводк* прорв* рванул* хлещет хлынул* залива* топит топим затоп* потоп fire smoke spark* flood* burst pouring"),
    ("shut_in", "застрял* заперт* запер* заперл* захлопн* заклинил* лифт* elevator lift stuck locked trapped"),
    ("vanished", "потерялс* потерялась потерялся пропал* исчез* убежал* missing vanished"),
    ("money_lost", "висит висят зависл* завис застрял* гуляет гуляют потерял* затерял* подвис* болта* капнул* упал* долетел* дошел прилип* stuck pending"),
    ("praise", "чудо чудес* золот* ангел* сказк* сказоч* мастер* профессионал* помолод* ожил* довол* тепл* внимани* признательн* огонь топ респект браво восторг* душевн* отзывчив* заботлив* amazing lovely smashing brilliant fantastic sweet* wonderful star stars"),
    ("looking_back", "отдохнул* отдыхал* съездил* вернул* выехал* уехал* выселил* съехал* выписал* выезда отъезда возвращен* покинул* прожил* провел* пролежал* семинар* заезд* стажиров* checked stayed stay left"),
    // Small words.
    ("not", "не нет ни без нельзя нету никто никак ничего никаких неа нихрена нифига not no don't didn't doesn't can't never without cannot isn't haven't nothing"),
    ("question", "ли разве неужели подскажите скажите уточните интересно узнать вопрос* возможно можно сможете could can do does is are have has"),
    ("already", "уже только тока щас сейчас сегодня вчера позавчера утром вечером минут назад давно недавно понедельник вторник среду четверг пятницу субботу already just yesterday today ago now"),
    ("future", "завтра потом попозже позже послезавтра буду будем будет будут через получу зарплат* собираюсь планирую tomorrow later will following next"),
    ("if", "если вдруг допустим предположим бы ежели if would"),
    ("rule", "правил* услови* какой каком порядок срок сроки обычно вообще случае policy terms rules usually conditions"),
    ("thanks", "спасиб* спасип* спс благодар* пасиб* пасип* сенкс сенк мерси thanks thank thx ty рахмат* рахмет* сэнкс хвала"),
    ("hello", "здраств* здрав* привет* добрый доброе доброго добрым доброй хай хеллоу хелло hello hi hey салам* ассалам* салют дравств* здрасьт* здрасте здрасти морнинг сәлем* good morning evening"),
    ("third", "подруг* подруж* друз* друг* знаком* сосед* коллег* родственник* говорят сказал* рассказ* советов* посовет* хвалил* friend* neighbour* neighbor* colleague* brother sister"),
    ("elsewhere", "другом другой другие другую турци* сочи крым* египет* кисловодс* железновод* пятигорс* анап* отел* гостиниц* санатории elsewhere another hotel turkey"),
    ("both", "обе обеих обоих обоим обеим оба обеими двум две второй вторую вторая первая первую разны* несколько both two second first"),
    ("child", "ребен* дет* малыш* сын* доч* внук* внуч* child* kid* baby"),
];

/// Words that mean something together that they do not mean alone, and the notion instead of theirs.
#[rustfmt::skip]
const PHRASES: &[(&[&str], &str)] = &[
    (&["во", "сколько"], "what_time"),
    (&["до", "скольки"], "what_time"),
    (&["к", "скольки"], "what_time"),
    (&["со", "скольки"], "what_time"),
    (&["с", "скольки"], "what_time"),
    (&["в", "котором", "часу"], "what_time"),
    (&["какое", "время"], "what_time"),
    (&["what", "time"], "what_time"),
    (&["сколько", "раз"], "how_many"),
    (&["сколько", "времени"], "how_many"),
    (&["сколько", "лет"], "how_many"),
    (&["сколько", "дней"], "how_many"),
    (&["сколько", "человек"], "how_many"),
    (&["сколько", "процедур"], "how_many"),
    (&["сколько", "ждать"], "when_q"),
    (&["сколько", "можно"], "enough"),
    (&["how", "long"], "how_many"),
    (&["how", "many"], "how_many"),
    (&["how", "far"], "how_many"),
    (&["по", "чем"], "how_much"),
    (&["how", "much"], "how_much"),
    (&["сколько", "будет", "стоить"], "how_much"),
    (&["сколько", "стоит"], "how_much"),
    (&["ни", "ногой"], "bad"),
    (&["на", "месте"], "on_site"),
    (&["при", "заезде"], "on_site"),
    (&["при", "заселении"], "on_site"),
    (&["по", "приезду"], "on_site"),
    (&["не", "та"], "wrong_sum"),
    (&["два", "раза"], "wrong_sum"),
    (&["прошлый", "раз"], "last_time"),
    (&["last", "time"], "last_time"),
    (&["в", "дороге"], "on_the_way"),
];

/// A notion's place in the list.
pub(super) type Notion = usize;

/// The notion's name.
pub(super) fn name(notion: Notion) -> &'static str {
    match notion.checked_sub(NOTIONS.len()) {
        Some(phrase) => PHRASES[phrase].1,
        None => NOTIONS[notion].0,
    }
}

/// Words and beginnings of words with their notions.
pub(super) struct Lexicon {
    /// In the order of their texts.
    entries: Vec<Entry>,
    /// The notion of each of the [`PHRASES`].
    phrases: Vec<Notion>,
}

/// A word, or how words begin.
struct Entry {
    text: &'static str,
    /// The notions of this very word, each once.
    whole: Vec<Notion>,
    /// The notions of every word that begins so, each once.
    begun: Vec<Notion>,
    /// The longest entry that this one begins with.
    shorter: Option<usize>,
    /// Whether a phrase begins with this very word: most words begin none.
    opens: bool,
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let mut listed: BTreeMap<&str, (Vec<Notion>, Vec<Notion>)> = BTreeMap::new();
        for (notion, (_, words)) in NOTIONS.iter().enumerate() {
            for word in words.split(' ') {
                match word.strip_suffix('*') {
                    Some(stem) => listed.entry(stem).or_default().1.push(notion),
                    None => listed.entry(word).or_default().0.push(notion),
                }
            }
        }
        for (phrase, _) in PHRASES {
            listed.entry(phrase[0]).or_default();
        }
        let mut lexicon = Self {
            entries: Vec::with_capacity(listed.len()),
            phrases: (NOTIONS.len()..).take(PHRASES.len()).collect(),
        };
        for (text, (whole, begun)) in listed {
            let shorter = lexicon.longest_within(text);
            let of_shorter = shorter.map_or(&[][..], |at| &lexicon.entries[at].begun);
            let begun = each_once([of_shorter, &begun]);
            lexicon.entries.push(Entry {
                text,
                whole: each_once([whole.as_slice(), &begun]),
                begun,
                shorter,
                opens: PHRASES.iter().any(|(phrase, _)| phrase[0] == text),
            });
        }
        lexicon
    }

    /// The notions of each word, each once; those of a phrase stand with its first word.
    pub(super) fn read(&self, words: &[&str]) -> Vec<&[Notion]> {
        let mut opening = Vec::new();
        let mut notions = Vec::with_capacity(words.len());
        for (at, word) in words.iter().enumerate() {
            let entry = self.longest_within(word).map(|at| &self.entries[at]);
            notions.push(match entry {
                Some(entry) if entry.text == *word => {
                    opening.extend(entry.opens.then_some(at));
                    entry.whole.as_slice()
                }
                Some(entry) => &entry.begun,
                None => &[],
            });
        }
        for at in opening {
            let said = |(phrase, _): &(&[&str], &str)| words[at..].starts_with(phrase);
            if let Some(phrase) = PHRASES.iter().position(said) {
                notions[at..at + PHRASES[phrase].0.len()].fill(&[]);
                notions[at] = &self.phrases[phrase..=phrase];
            }
        }
        notions
    }

    /// The longest entry that the word begins with, itself included: the one before it in the order, or one that this
    /// one begins with.
    fn longest_within(&self, word: &str) -> Option<usize> {
        let behind = self.entries.partition_point(|entry| entry.text <= word);
        let mut near = behind.checked_sub(1);
        while let Some(at) = near
            && !word.starts_with(self.entries[at].text)
        {
            near = self.entries[at].shorter;
        }
        near
    }
}

/// All of them in their order, without those that came before.
fn each_once<'a>(lists: impl IntoIterator<Item = &'a [Notion]>) -> Vec<Notion> {
    let mut once = Vec::new();
    for notion in lists.into_iter().flatten() {
        if !once.contains(notion) {
            once.push(*notion);
        }
    }
    once
}
